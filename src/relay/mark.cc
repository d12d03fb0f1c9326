#include "relay/mark.h"

#include <fmt/format.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "base/check.h"
#include "base/text.h"

namespace relay {
namespace {

std::string signature(const net::HttpRequest& request, std::string_view secret,
                      std::string_view time, std::string_view address) {
  const std::string text =
      fmt::format("{}\n{}\n{}\n{}\n{}", request.method, request.target, time, address,
                  net::joined_header(request.headers, "X-Forwarded-For"));
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  CHECK(HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
             reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data(),
             &size) != nullptr);
  return fmt::format("{:02x}", fmt::join(digest.begin(), digest.begin() + size, ""));
}

bool same(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

// Takes `name=value` up to the next comma off the front.
std::optional<std::string_view> take(std::string_view& text, std::string_view name) {
  if (!text.starts_with(name)) return std::nullopt;
  text.remove_prefix(name.size());
  const std::size_t comma = std::min(text.find(','), text.size());
  const std::string_view value = text.substr(0, comma);
  text.remove_prefix(std::min(comma + 1, text.size()));
  return value;
}

}  // namespace

std::string make_mark(const net::HttpRequest& request, std::string_view secret,
                      base::WallTime now) {
  const std::string time = std::to_string(base::to_millis(now));
  return fmt::format("t={},for={},v1={}", time, request.peer_address,
                     signature(request, secret, time, request.peer_address));
}

std::optional<std::string> check_mark(const net::HttpRequest& request, std::string_view secret,
                                      base::WallTime now) {
  std::string_view mark = request.header(kMarkHeader);
  const auto time = take(mark, "t=");
  const auto address = take(mark, "for=");
  constexpr std::string_view kProof = "v1=";
  if (!time || !address || !mark.starts_with(kProof) || secret.empty()) return std::nullopt;
  int64_t millis = 0;
  const auto [end, error] = std::from_chars(time->data(), time->data() + time->size(), millis);
  if (error != std::errc() || end != time->data() + time->size()) return std::nullopt;
  const int64_t here = base::to_millis(now);
  if (millis < here - kMarkWindow.count() || millis > here + kMarkWindow.count())
    return std::nullopt;
  if (!same(mark.substr(kProof.size()), signature(request, secret, *time, *address)))
    return std::nullopt;
  return std::string(*address);
}

bool has_mark(const net::HttpRequest& request) {
  return std::any_of(
      request.headers.begin(), request.headers.end(),
      [](const net::HttpHeader& header) { return base::iequals(header.name, kMarkHeader); });
}

}  // namespace relay
