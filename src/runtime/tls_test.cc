#include "runtime/tls.h"

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>

#include "runtime/test_client.h"
#include "runtime/test_server.h"

namespace runtime {
namespace {

// A self-signed certificate and its key in files of their own.
class TestCertificate {
 public:
  TestCertificate() : directory_(testing::TempDir() + "tls_" + std::to_string(getpid())) {
    std::filesystem::create_directories(directory_);
    const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(EVP_EC_gen("P-256"),
                                                                  &EVP_PKEY_free);
    const std::unique_ptr<X509, decltype(&X509_free)> certificate(X509_new(), &X509_free);
    X509_set_version(certificate.get(), X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate.get()), 0);
    X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 3600);
    X509_set_pubkey(certificate.get(), key.get());
    X509_NAME* name = X509_get_subject_name(certificate.get());
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>("localhost"), -1, -1, 0);
    X509_set_issuer_name(certificate.get(), name);
    X509_sign(certificate.get(), key.get(), EVP_sha256());
    write(files().certificate, [&](FILE* file) { PEM_write_X509(file, certificate.get()); });
    write(files().key, [&](FILE* file) {
      PEM_write_PrivateKey(file, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
    });
  }
  ~TestCertificate() { std::filesystem::remove_all(directory_); }
  TestCertificate(const TestCertificate&) = delete;
  TestCertificate& operator=(const TestCertificate&) = delete;

  [[nodiscard]] TlsFiles files() const {
    return {directory_ + "/certificate.pem", directory_ + "/key.pem"};
  }

 private:
  template <class Write>
  static void write(const std::string& path, Write&& write_file) {
    FILE* file = std::fopen(path.c_str(), "w");
    ASSERT_NE(file, nullptr);
    write_file(file);
    std::fclose(file);
  }
  std::string directory_;
};

class TlsClient {
 public:
  explicit TlsClient(uint16_t port, int max_version = TLS1_3_VERSION)
      : tcp_(port), context_(SSL_CTX_new(TLS_client_method())), ssl_(SSL_new(context_)) {
    SSL_set_max_proto_version(ssl_, max_version);
    SSL_set_fd(ssl_, tcp_.fd());
  }
  ~TlsClient() {
    SSL_free(ssl_);
    SSL_CTX_free(context_);
  }
  TlsClient(const TlsClient&) = delete;
  TlsClient& operator=(const TlsClient&) = delete;

  [[nodiscard]] bool connect() { return SSL_connect(ssl_) == 1; }
  void send(const std::string& bytes) {
    ASSERT_EQ(SSL_write(ssl_, bytes.data(), static_cast<int>(bytes.size())),
              static_cast<int>(bytes.size()));
  }
  std::string take(std::size_t count) {
    while (buffer_.size() < count) {
      std::array<char, 4096> piece;
      const int got = SSL_read(ssl_, piece.data(), static_cast<int>(piece.size()));
      if (got <= 0) break;
      buffer_.append(piece.data(), static_cast<std::size_t>(got));
    }
    std::string out = buffer_.substr(0, count);
    buffer_.erase(0, count);
    return out;
  }
  std::string take_head() {
    std::string head;
    while (!head.ends_with("\r\n\r\n")) {
      const std::string byte = take(1);
      if (byte.empty()) break;
      head += byte;
    }
    return head;
  }

 private:
  TestClient tcp_;
  SSL_CTX* context_;
  SSL* ssl_;
  std::string buffer_;
};

TEST(Tls, CarriesHttpAndWebSockets) {
  const TestCertificate certificate;
  TestServer server({.threads = 2}, certificate.files());
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    TlsClient client(server.port(), version);
    ASSERT_TRUE(client.connect());
    client.send("GET /hello HTTP/1.1\r\nHost: h\r\n\r\n");
    EXPECT_NE(client.take_head().find("200 OK"), std::string::npos);
    EXPECT_EQ(client.take(5), "hello");
    for (const char* thread : {"0", "1", "0"}) {
      client.send("GET /move/" + std::string(thread) + " HTTP/1.1\r\nHost: h\r\n\r\n");
      client.take_head();
      EXPECT_EQ(client.take(1), thread);
    }
    client.send("GET /big HTTP/1.1\r\nHost: h\r\n\r\n");
    client.take_head();
    EXPECT_EQ(client.take(4 << 20), std::string(4 << 20, 'x'));
    client.send(TestClient::upgrade_request("/ws"));
    EXPECT_NE(client.take_head().find("101"), std::string::npos);
    client.send(TestClient::text("over TLS"));
    EXPECT_EQ(client.take(10), "\x81\x08over TLS");
  }
  EXPECT_TRUE(server.has_connections(0));
}

TEST(Tls, RefusesOldVersionsAndPlainText) {
  const TestCertificate certificate;
  TestServer server({.threads = 1}, certificate.files());
  TlsClient old(server.port(), TLS1_1_VERSION);
  EXPECT_FALSE(old.connect());
  TestClient plain(server.port());
  plain.send("GET /hello HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(plain.take_rest().find("hello"), std::string::npos);
  EXPECT_TRUE(server.has_connections(0));
}

}  // namespace
}  // namespace runtime
