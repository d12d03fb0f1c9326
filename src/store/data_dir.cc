#include "store/data_dir.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

namespace store {
namespace {

base::Result<void> make_directory(const std::filesystem::path& path) {
  std::error_code error;
  const auto parent = path.parent_path();
  if (!parent.empty()) std::filesystem::create_directories(parent, error);
  if (!error && ::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST)
    error = std::error_code(errno, std::generic_category());
  if (!error && !std::filesystem::is_directory(path, error))
    error = std::make_error_code(std::errc::not_a_directory);
  if (!error) return {};
  return base::fail(base::ErrorCode::kStoreUnavailable,
                    fmt::format("data_dir {}: {}", path.native(), error.message()));
}

}  // namespace

base::Result<DataDir> DataDir::claim(const std::filesystem::path& given) {
  const std::filesystem::path path = given.filename().empty() ? given.parent_path() : given;
  if (path.empty())
    return base::fail(base::ErrorCode::kInvalidArgument, "data_dir: must not be empty");
  if (auto created = make_directory(path); !created)
    return tl::unexpected<base::Error>(created.error());

  // The file stays when the lock is let go: removing it could take it from under a new owner.
  const std::filesystem::path lock_file = path / "presenced.lock";
  const int fd = ::open(lock_file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) {
    return base::fail(base::ErrorCode::kStoreUnavailable,
                      fmt::format("data_dir {}: {}: {}", path.native(), lock_file.native(),
                                  std::generic_category().message(errno)));
  }
  DataDir directory(path, fd);
  if (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK) {
      return base::fail(base::ErrorCode::kConflict,
                        fmt::format("data_dir {}: in use by another presenced", path.native()));
    }
    return base::fail(base::ErrorCode::kStoreUnavailable,
                      fmt::format("data_dir {}: cannot be locked: {}", path.native(),
                                  std::generic_category().message(errno)));
  }
  return directory;
}

DataDir::DataDir(std::filesystem::path path, int lock_fd)
    : path_(std::move(path)), lock_fd_(lock_fd) {}

DataDir::DataDir(DataDir&& other) noexcept
    : path_(std::move(other.path_)), lock_fd_(std::exchange(other.lock_fd_, -1)) {}

DataDir::~DataDir() {
  if (lock_fd_ >= 0) ::close(lock_fd_);
}

}  // namespace store
