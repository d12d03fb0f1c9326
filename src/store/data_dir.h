// DataDir: the directory of a store, made when missing and held by one process at a time.
#pragma once

#include <filesystem>

#include "base/result.h"

namespace store {

class DataDir {
 public:
  // Creates the directory (mode 0700) and takes the lock, without waiting. kConflict when another
  // process, or another store of this one, holds it; kStoreUnavailable when it cannot be used.
  // Messages name the directory.
  static base::Result<DataDir> claim(const std::filesystem::path& path);

  DataDir(DataDir&& other) noexcept;
  DataDir& operator=(DataDir&& other) = delete;
  ~DataDir();  // lets go of the lock

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  DataDir(std::filesystem::path path, int lock_fd);

  std::filesystem::path path_;
  int lock_fd_;
};

}  // namespace store
