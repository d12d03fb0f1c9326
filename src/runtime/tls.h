// TLS for connections on the loop's own epoll set: OpenSSL on the same non-blocking socket. TLS 1.2
// and later, no renegotiation; for devices ALPN answers http/1.1. A plain connection holds a null
// pointer instead.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>

#include "base/result.h"
#include "runtime/core_threads.h"
#include "runtime/io_result.h"

struct ssl_ctx_st;
struct ssl_st;

namespace runtime {

// Whom a client believes.
struct TlsTrust {
  std::string ca_file;  // PEM; empty: the system's authorities
  bool verify = true;   // false: whoever answers is believed
};

// Certificate and key, shared by all sessions of a listening address, in all threads; or what a
// client checks its servers by.
class TlsContext {
 public:
  // Refuses with the file that could not be used, and OpenSSL's reason.
  [[nodiscard]] static base::Result<std::unique_ptr<TlsContext>> load(const TlsFiles& files);
  [[nodiscard]] static base::Result<std::unique_ptr<TlsContext>> for_client(const TlsTrust& trust);
  ~TlsContext();
  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;

 private:
  friend class TlsSession;
  explicit TlsContext(ssl_ctx_st* context) : context_(context) {}
  ssl_ctx_st* context_;
};

// One connection's TLS. The handshake happens inside the first reads. One thread at a time; may
// move to another together with its descriptor, which it does not own.
class TlsSession {
 public:
  TlsSession(const TlsContext& context, int fd);
  // As the client of a server that has to prove that it is `server` (a host name or an address).
  TlsSession(const TlsContext& context, int fd, const std::string& server);
  ~TlsSession();
  TlsSession(const TlsSession&) = delete;
  TlsSession& operator=(const TlsSession&) = delete;

  [[nodiscard]] IoResult read(std::span<char> out);
  // After kWouldBlock, `bytes` must begin with the same bytes at the next attempt.
  [[nodiscard]] IoResult write(std::span<const char> bytes);
  // Why the server's certificate was not believed; empty when that was not the trouble.
  [[nodiscard]] std::string distrust() const;
  void say_goodbye();  // close_notify, as far as it can be written at once

 private:
  [[nodiscard]] IoResult result_of(int returned);
  ssl_st* ssl_;
};

}  // namespace runtime
