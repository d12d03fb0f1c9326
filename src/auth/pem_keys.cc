#include <openssl/pem.h>

#include <memory>
#include <utility>

#include "auth/key_file.h"
#include "auth/openssl_handles.h"

namespace auth {
namespace {

tl::unexpected<base::Error> refuse(std::string message) {
  return base::fail(base::ErrorCode::kInvalidArgument, std::move(message));
}

struct OpensslMemoryDeleter {
  void operator()(void* memory) const { OPENSSL_free(memory); }
};

// One PEM block.
struct Block {
  std::string label;  // `PUBLIC KEY`
  std::string der;
};

base::Result<std::vector<Block>> read_blocks(std::string_view content) {
  const BioHandle bio(BIO_new_mem_buf(content.data(), static_cast<int>(content.size())));
  std::vector<Block> blocks;
  if (!bio) return blocks;
  for (;;) {
    char* label = nullptr;
    char* header = nullptr;
    unsigned char* data = nullptr;
    long size = 0;
    if (PEM_read_bio(bio.get(), &label, &header, &data, &size) != 1) break;
    const std::unique_ptr<void, OpensslMemoryDeleter> owners[] = {
        std::unique_ptr<void, OpensslMemoryDeleter>(label),
        std::unique_ptr<void, OpensslMemoryDeleter>(header),
        std::unique_ptr<void, OpensslMemoryDeleter>(data)};
    blocks.push_back(
        {label, std::string(reinterpret_cast<const char*>(data), static_cast<std::size_t>(size))});
    if (blocks.size() > kMaxKeys)
      return refuse("it holds more than " + std::to_string(kMaxKeys) + " keys");
  }
  // The reader stops in the same way at the end and at a block that is cut short or garbled.
  if (ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE)
    return refuse("PEM block " + std::to_string(blocks.size() + 1) + " is malformed");
  return blocks;
}

KeyHandle decode(const Block& block) {
  const unsigned char* position = as_bytes(block.der);
  const unsigned char* const end = position + block.der.size();
  const long size = static_cast<long>(block.der.size());
  KeyHandle key;
  if (block.label == "PUBLIC KEY") {
    key.reset(d2i_PUBKEY(nullptr, &position, size));
  } else if (block.label == "RSA PUBLIC KEY") {
    key.reset(d2i_PublicKey(EVP_PKEY_RSA, nullptr, &position, size));
  } else {
    const CertificateHandle certificate(d2i_X509(nullptr, &position, size));
    if (certificate) key.reset(X509_get_pubkey(certificate.get()));
  }
  return position == end ? std::move(key) : nullptr;
}

base::Result<VerificationKey> read_block(const Block& block) {
  if (block.label.find("PRIVATE KEY") != std::string::npos)
    return refuse("it is a private key; the server needs only the public one");
  if (block.label != "PUBLIC KEY" && block.label != "RSA PUBLIC KEY" &&
      block.label != "CERTIFICATE") {
    return refuse("it is neither a PUBLIC KEY nor a CERTIFICATE");
  }
  KeyHandle key = decode(block);
  if (!key) return refuse("the " + block.label + " cannot be decoded");
  return VerificationKey::from_public_key(std::move(key));
}

}  // namespace

base::Result<KeyFile> read_pem_keys(std::string_view content) {
  const ErrorQueueGuard guard;
  auto blocks = read_blocks(content);
  if (!blocks) return tl::unexpected(blocks.error());
  if (blocks->empty()) return refuse("it holds neither a PEM block nor a JWK");
  KeyFile file;
  for (std::size_t i = 0; i < blocks->size(); ++i) {
    auto key = read_block((*blocks)[i]);
    if (!key) return refuse("PEM block " + std::to_string(i + 1) + ": " + key.error().message);
    file.keys.push_back(std::move(*key));
  }
  return file;
}

}  // namespace auth
