// For the tests of the embedded store only: a disk that fails when it is told to.
#pragma once

#include <sqlite3.h>

#include <atomic>
#include <cstring>

namespace store {

// While it lives, files that SQLite opens fail as told: each member is the code that the call
// answers, SQLITE_OK for what the disk really does.
class FaultyDisk {
 public:
  std::atomic<int> on_open{SQLITE_OK};
  std::atomic<int> on_write{SQLITE_OK};
  std::atomic<int> on_sync{SQLITE_OK};
  std::atomic<int> on_read{SQLITE_OK};

  FaultyDisk() : real_(sqlite3_vfs_find(nullptr)), vfs_(*real_) {
    vfs_.zName = "faulty";
    vfs_.pAppData = this;
    vfs_.szOsFile = static_cast<int>(sizeof(File)) + real_->szOsFile;
    vfs_.xOpen = open;
    vfs_.xDelete = [](sqlite3_vfs* vfs, const char* name, int sync) {
      sqlite3_vfs* real = disk_of(vfs).real_;
      return real->xDelete(real, name, sync);
    };
    vfs_.xAccess = [](sqlite3_vfs* vfs, const char* name, int flags, int* out) {
      sqlite3_vfs* real = disk_of(vfs).real_;
      return real->xAccess(real, name, flags, out);
    };
    vfs_.xFullPathname = [](sqlite3_vfs* vfs, const char* name, int size, char* out) {
      sqlite3_vfs* real = disk_of(vfs).real_;
      return real->xFullPathname(real, name, size, out);
    };
    sqlite3_vfs_register(&vfs_, 1);
  }
  ~FaultyDisk() {
    sqlite3_vfs_unregister(&vfs_);
    sqlite3_vfs_register(real_, 1);
  }
  FaultyDisk(const FaultyDisk&) = delete;
  FaultyDisk& operator=(const FaultyDisk&) = delete;

 private:
  struct File {
    sqlite3_file base;
    FaultyDisk* disk;
    sqlite3_io_methods methods;
    // The real file lies behind it.
    sqlite3_file* real() { return reinterpret_cast<sqlite3_file*>(this + 1); }
  };
  static FaultyDisk& disk_of(sqlite3_vfs* vfs) { return *static_cast<FaultyDisk*>(vfs->pAppData); }
  static File& file_of(sqlite3_file* file) { return *reinterpret_cast<File*>(file); }

  // A call of SQLite on our file, made on the real one.
  template <auto Method>
  struct Forward;
  template <class... Arguments, int (*sqlite3_io_methods::*Method)(sqlite3_file*, Arguments...)>
  struct Forward<Method> {
    static int call(sqlite3_file* file, Arguments... arguments) {
      sqlite3_file* real = file_of(file).real();
      return (real->pMethods->*Method)(real, arguments...);
    }
  };

  static int open(sqlite3_vfs* vfs, const char* name, sqlite3_file* out, int flags,
                  int* out_flags) {
    FaultyDisk& disk = disk_of(vfs);
    File& file = file_of(out);
    std::memset(static_cast<void*>(&file), 0, sizeof file);
    if (disk.on_open != SQLITE_OK) return disk.on_open;
    const int opened = disk.real_->xOpen(disk.real_, name, file.real(), flags, out_flags);
    if (opened != SQLITE_OK) return opened;
    file.disk = &disk;
    fill(file.methods);
    file.base.pMethods = &file.methods;
    return SQLITE_OK;
  }

  static void fill(sqlite3_io_methods& methods) {
    using Methods = sqlite3_io_methods;
    methods.iVersion = 2;
    methods.xClose = Forward<&Methods::xClose>::call;
    methods.xTruncate = Forward<&Methods::xTruncate>::call;
    methods.xFileSize = Forward<&Methods::xFileSize>::call;
    methods.xLock = Forward<&Methods::xLock>::call;
    methods.xUnlock = Forward<&Methods::xUnlock>::call;
    methods.xCheckReservedLock = Forward<&Methods::xCheckReservedLock>::call;
    methods.xFileControl = Forward<&Methods::xFileControl>::call;
    methods.xSectorSize = Forward<&Methods::xSectorSize>::call;
    methods.xDeviceCharacteristics = Forward<&Methods::xDeviceCharacteristics>::call;
    methods.xShmMap = Forward<&Methods::xShmMap>::call;
    methods.xShmLock = Forward<&Methods::xShmLock>::call;
    methods.xShmUnmap = Forward<&Methods::xShmUnmap>::call;
    methods.xShmBarrier = [](sqlite3_file* file) {
      sqlite3_file* real = file_of(file).real();
      real->pMethods->xShmBarrier(real);
    };
    methods.xRead = [](sqlite3_file* file, void* out, int size, sqlite3_int64 at) {
      const int fault = file_of(file).disk->on_read;
      return fault != SQLITE_OK ? fault : Forward<&Methods::xRead>::call(file, out, size, at);
    };
    methods.xWrite = [](sqlite3_file* file, const void* from, int size, sqlite3_int64 at) {
      const int fault = file_of(file).disk->on_write;
      return fault != SQLITE_OK ? fault : Forward<&Methods::xWrite>::call(file, from, size, at);
    };
    methods.xSync = [](sqlite3_file* file, int flags) {
      const int fault = file_of(file).disk->on_sync;
      return fault != SQLITE_OK ? fault : Forward<&Methods::xSync>::call(file, flags);
    };
  }

  sqlite3_vfs* real_;
  sqlite3_vfs vfs_;
};

}  // namespace store
