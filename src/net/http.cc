#include "net/http.h"

#include "base/text.h"

namespace net {

std::string_view HttpRequest::path() const {
  return std::string_view(target).substr(0, target.find('?'));
}

std::string_view HttpRequest::query() const {
  const std::size_t mark = target.find('?');
  return mark == std::string::npos ? std::string_view() : std::string_view(target).substr(mark + 1);
}

std::string_view HttpRequest::header(std::string_view name) const {
  for (const HttpHeader& header : headers)
    if (base::iequals(header.name, name)) return header.value;
  return {};
}

std::string joined_header(const std::vector<HttpHeader>& headers, std::string_view name) {
  std::string joined;
  for (const HttpHeader& header : headers) {
    if (!base::iequals(header.name, name)) continue;
    if (!joined.empty()) joined += ", ";
    joined += header.value;
  }
  return joined;
}

namespace {
std::string decoded(std::string_view text) {
  auto result = base::percent_decode(text, base::Plus::kSpace);
  return result ? *std::move(result) : std::string(text);
}
}  // namespace

std::vector<std::pair<std::string, std::string>> parse_query(std::string_view query) {
  std::vector<std::pair<std::string, std::string>> pairs;
  while (!query.empty()) {
    const std::size_t end = query.find('&');
    const std::string_view pair = query.substr(0, end);
    if (!pair.empty()) {
      const std::size_t equals = pair.find('=');
      const std::string_view value =
          equals == std::string_view::npos ? std::string_view() : pair.substr(equals + 1);
      pairs.emplace_back(decoded(pair.substr(0, equals)), decoded(value));
    }
    if (end == std::string_view::npos) break;
    query.remove_prefix(end + 1);
  }
  return pairs;
}

std::string_view query_value(const std::vector<std::pair<std::string, std::string>>& query,
                             std::string_view name) {
  for (const auto& [key, value] : query)
    if (key == name) return value;
  return {};
}

}  // namespace net
