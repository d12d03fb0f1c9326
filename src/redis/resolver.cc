#include "redis/resolver.h"

#include <fmt/format.h>
#include <netdb.h>

#include <cstring>
#include <mutex>
#include <string>
#include <system_error>
#include <thread>
#include <utility>

namespace redis {
namespace {

base::Result<Resolver::Addresses> look_up(const Address& address, int flags) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = flags | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const std::string port = std::to_string(address.port);
  const int error = getaddrinfo(address.host.c_str(), port.c_str(), &hints, &found);
  if (error != 0)
    return base::fail(base::ErrorCode::kNotFound,
                      fmt::format("{}: {}", address.host, gai_strerror(error)));
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owner(found, &freeaddrinfo);
  Resolver::Addresses addresses;
  for (const addrinfo* info = found; info != nullptr; info = info->ai_next) {
    runtime::SocketAddress& one = addresses.emplace_back();
    std::memcpy(&one.storage, info->ai_addr, info->ai_addrlen);
    one.size = info->ai_addrlen;
  }
  return addresses;
}

}  // namespace

struct Resolver::Shared {
  std::mutex mutex;
  runtime::EventLoop* loop;  // null when the resolver is gone
};

Resolver::Resolver(runtime::EventLoop& loop) : shared_(std::make_shared<Shared>()) {
  shared_->loop = &loop;
}

Resolver::~Resolver() {
  const std::lock_guard lock(shared_->mutex);
  shared_->loop = nullptr;
}

void Resolver::resolve(const Address& address, Done done) {
  if (auto numeric = look_up(address, AI_NUMERICHOST)) return done(std::move(numeric));
  try {
    std::thread([shared = shared_, address, done = std::move(done)]() mutable {
      auto found = look_up(address, 0);
      const std::lock_guard lock(shared->mutex);
      if (shared->loop == nullptr) return;
      static_cast<void>(
          shared->loop->post([done = std::move(done), found = std::move(found)]() mutable {
            done(std::move(found));
          }));
    }).detach();
  } catch (const std::system_error&) {
    // No thread is to be had: to the asker this is a name server that does not answer.
  }
}

}  // namespace redis
