#include "config/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "config/load.h"

namespace config {
namespace {

constexpr std::size_t kMaxFileBytes = 64U << 20U;

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(Descriptor&& other) noexcept : fd_(other.fd_) { other.fd_ = -1; }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  Descriptor& operator=(Descriptor&&) = delete;

  [[nodiscard]] int get() const { return fd_; }

 private:
  int fd_;
};

tl::unexpected<base::Error> cannot_read(const std::string& path, std::string_view why) {
  return base::fail(base::ErrorCode::kInvalidArgument,
                    "cannot read " + path + ": " + std::string(why));
}

base::Result<Descriptor> open_for_reading(const std::string& path) {
  Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) return cannot_read(path, std::strerror(errno));
  struct stat info {};
  if (::fstat(file.get(), &info) != 0) return cannot_read(path, std::strerror(errno));
  if (S_ISDIR(info.st_mode)) return cannot_read(path, std::strerror(EISDIR));
  return file;
}

}  // namespace

base::Result<void> check_readable(const std::string& path) {
  const auto file = open_for_reading(path);
  if (!file) return tl::unexpected(file.error());
  return {};
}

base::Result<std::string> read_file(const std::string& path) {
  const auto file = open_for_reading(path);
  if (!file) return tl::unexpected(file.error());
  std::string content;
  std::array<char, 16384> buffer{};
  for (;;) {
    const ssize_t count = ::read(file->get(), buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return cannot_read(path, std::strerror(errno));
    if (count == 0) return content;
    content.append(buffer.data(), static_cast<std::size_t>(count));
    if (content.size() > kMaxFileBytes) return cannot_read(path, "it is larger than 64 MiB");
  }
}

}  // namespace config
