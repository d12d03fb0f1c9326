// Owners for the OpenSSL objects this folder uses, and the guard that keeps its error queue clean.
// Internal to auth.
#pragma once

#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include <cstddef>
#include <memory>
#include <string_view>

namespace auth {

template <auto kFree>
struct OpensslDeleter {
  template <class T>
  void operator()(T* object) const {
    kFree(object);
  }
};

template <class T, auto kFree>
using OpensslHandle = std::unique_ptr<T, OpensslDeleter<kFree>>;

using BioHandle = OpensslHandle<BIO, BIO_free>;
using KeyHandle = OpensslHandle<EVP_PKEY, EVP_PKEY_free>;
using KeyContextHandle = OpensslHandle<EVP_PKEY_CTX, EVP_PKEY_CTX_free>;
using DigestContextHandle = OpensslHandle<EVP_MD_CTX, EVP_MD_CTX_free>;
using MacHandle = OpensslHandle<EVP_MAC, EVP_MAC_free>;
using MacContextHandle = OpensslHandle<EVP_MAC_CTX, EVP_MAC_CTX_free>;
using CertificateHandle = OpensslHandle<X509, X509_free>;

// Takes away the errors that OpenSSL queued while it was in scope. The queue belongs to the thread,
// and a TLS connection of the same thread would otherwise take a refused token for its own failure.
class ErrorQueueGuard {
 public:
  ErrorQueueGuard() { ERR_set_mark(); }
  ~ErrorQueueGuard() { ERR_pop_to_mark(); }
  ErrorQueueGuard(const ErrorQueueGuard&) = delete;
  ErrorQueueGuard& operator=(const ErrorQueueGuard&) = delete;
};

inline const unsigned char* as_bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

}  // namespace auth
