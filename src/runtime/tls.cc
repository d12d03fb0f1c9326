#include "runtime/tls.h"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <limits>
#include <string_view>

#include "base/check.h"

namespace runtime {
namespace {

std::string openssl_reason() {
  std::array<char, 256> text{};
  ERR_error_string_n(ERR_get_error(), text.data(), text.size());
  ERR_clear_error();
  return text.data();
}

int select_http(SSL*, const unsigned char** out, unsigned char* out_size, const unsigned char* in,
                unsigned in_size, void*) {
  static constexpr std::string_view kProtocols("\x08http/1.1", 9);
  unsigned char* chosen = nullptr;
  const int result = SSL_select_next_proto(
      &chosen, out_size, reinterpret_cast<const unsigned char*>(kProtocols.data()),
      static_cast<unsigned>(kProtocols.size()), in, in_size);
  *out = chosen;
  return result == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_NOACK;
}

int length_of(std::size_t size) {
  return static_cast<int>(
      std::min(size, static_cast<std::size_t>(std::numeric_limits<int>::max())));
}

// Idle sessions give their record buffers back; a retried write may come from another buffer.
SSL_CTX* new_context(const SSL_METHOD* method) {
  SSL_CTX* context = SSL_CTX_new(method);
  CHECK(context != nullptr);
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_options(
      context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_IGNORE_UNEXPECTED_EOF);
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  return context;
}

}  // namespace

base::Result<std::unique_ptr<TlsContext>> TlsContext::load(const TlsFiles& files) {
  std::unique_ptr<TlsContext> result(new TlsContext(new_context(TLS_server_method())));
  SSL_CTX* context = result->context_;
  SSL_CTX_set_options(context, SSL_OP_CIPHER_SERVER_PREFERENCE);
  SSL_CTX_set_alpn_select_cb(context, &select_http, nullptr);
  const auto refused = [](std::string_view setting, const std::string& file) {
    return base::fail(base::ErrorCode::kInvalidArgument,
                      fmt::format("{} {}: {}", setting, file, openssl_reason()));
  };
  if (SSL_CTX_use_certificate_chain_file(context, files.certificate.c_str()) != 1)
    return refused("tls.cert", files.certificate);
  if (SSL_CTX_use_PrivateKey_file(context, files.key.c_str(), SSL_FILETYPE_PEM) != 1 ||
      SSL_CTX_check_private_key(context) != 1)
    return refused("tls.key", files.key);
  return result;
}

base::Result<std::unique_ptr<TlsContext>> TlsContext::for_client(const TlsTrust& trust) {
  std::unique_ptr<TlsContext> result(new TlsContext(new_context(TLS_client_method())));
  SSL_CTX* context = result->context_;
  if (!trust.verify) return result;
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  const int loaded = trust.ca_file.empty()
                         ? SSL_CTX_set_default_verify_paths(context)
                         : SSL_CTX_load_verify_file(context, trust.ca_file.c_str());
  if (loaded != 1)
    return base::fail(base::ErrorCode::kInvalidArgument,
                      fmt::format("CA file {}: {}", trust.ca_file, openssl_reason()));
  return result;
}

TlsContext::~TlsContext() { SSL_CTX_free(context_); }

TlsSession::TlsSession(const TlsContext& context, int fd) : ssl_(SSL_new(context.context_)) {
  CHECK(ssl_ != nullptr);
  CHECK(SSL_set_fd(ssl_, fd) == 1);
  SSL_set_accept_state(ssl_);
}

TlsSession::TlsSession(const TlsContext& context, int fd, const std::string& server)
    : ssl_(SSL_new(context.context_)) {
  CHECK(ssl_ != nullptr);
  CHECK(SSL_set_fd(ssl_, fd) == 1);
  if (X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl_), server.c_str()) != 1) {
    CHECK(SSL_set1_host(ssl_, server.c_str()) == 1);
    SSL_set_tlsext_host_name(ssl_, server.c_str());
  }
  ERR_clear_error();
  SSL_set_connect_state(ssl_);
}

TlsSession::~TlsSession() { SSL_free(ssl_); }

IoResult TlsSession::read(std::span<char> out) {
  ERR_clear_error();
  return result_of(SSL_read(ssl_, out.data(), length_of(out.size())));
}

IoResult TlsSession::write(std::span<const char> bytes) {
  ERR_clear_error();
  return result_of(SSL_write(ssl_, bytes.data(), length_of(bytes.size())));
}

std::string TlsSession::distrust() const {
  const long result = SSL_get_verify_result(ssl_);
  return result == X509_V_OK ? std::string() : X509_verify_cert_error_string(result);
}

void TlsSession::say_goodbye() {
  ERR_clear_error();
  if (SSL_is_init_finished(ssl_) == 1) SSL_shutdown(ssl_);
  ERR_clear_error();
}

IoResult TlsSession::result_of(int returned) {
  if (returned > 0) return {IoResult::Outcome::kBytes, static_cast<std::size_t>(returned)};
  switch (SSL_get_error(ssl_, returned)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE: return {IoResult::Outcome::kWouldBlock, 0};
    case SSL_ERROR_ZERO_RETURN: return {IoResult::Outcome::kEnd, 0};
    default: ERR_clear_error(); return {IoResult::Outcome::kFailed, 0};
  }
}

}  // namespace runtime
