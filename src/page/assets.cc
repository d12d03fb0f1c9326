#include "page/assets.h"

#include <algorithm>
#include <array>
#include <cstddef>

#include "base/json_text.h"

namespace page {
namespace {

constexpr std::string_view kSettingsPath = "/demo/settings.json";

// The page runs only what came from here, and talks only to the server that it came from; `ws:` and
// `wss:` are there for browsers to which 'self' does not include WebSockets.
constexpr std::string_view kContentSecurityPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; "
    "connect-src 'self' ws: wss:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

std::string_view bytes_of(const Asset& asset, Coding coding) {
  switch (coding) {
    case Coding::br: return asset.br;
    case Coding::gzip: return asset.gzip;
    case Coding::deflate: return asset.deflate;
    case Coding::identity: break;
  }
  return asset.identity;
}

Coding choose_coding(const Asset& asset, std::string_view accept_encoding) {
  std::array<Coding, 3> available{};
  std::size_t count = 0;
  for (const Coding coding : {Coding::br, Coding::gzip, Coding::deflate}) {
    if (!bytes_of(asset, coding).empty()) available.at(count++) = coding;
  }
  return negotiate(accept_encoding, std::span(available).first(count));
}

const Asset* find_in(std::span<const Asset> table, std::string_view path) {
  const auto found = std::ranges::find(table, path, &Asset::path);
  return found == table.end() ? nullptr : &*found;
}

void add(net::HttpResponse& response, std::string_view name, std::string_view value) {
  if (!value.empty()) response.headers.push_back({std::string(name), std::string(value)});
}

net::HttpResponse method_not_allowed() {
  net::HttpResponse response;
  response.status = 405;
  add(response, "Allow", "GET, HEAD");
  return response;
}

}  // namespace

Assets::Assets(std::string_view engine_path, DemoPage demo)
    : bundle_prefix_(engine_path), demo_(demo) {
  if (!bundle_prefix_.ends_with('/')) bundle_prefix_ += '/';
  settings_json_ = "{\"path\":";
  base::append_json_string(settings_json_, bundle_prefix_);
  settings_json_ += ",\"sampleUsers\":";
  settings_json_ += embedded_sample_users();
  settings_json_ += '}';
  settings_ = {.path = kSettingsPath,
               .content_type = "application/json; charset=utf-8",
               .etag = {},
               .cache_control = "no-store",
               .identity = settings_json_,
               .br = {},
               .gzip = {},
               .deflate = {}};
}

const Asset* Assets::find(std::string_view path) const {
  if (path.starts_with(bundle_prefix_)) {
    if (const Asset* asset = find_in(embedded_bundle(), path.substr(bundle_prefix_.size()))) {
      return asset;
    }
  }
  if (demo_ == DemoPage::kAbsent) return nullptr;
  if (path == kSettingsPath) return &settings_;
  return find_in(embedded_page(), path);
}

std::optional<net::HttpResponse> Assets::serve(const net::HttpRequest& request) const {
  const Asset* asset = find(request.path());
  if (asset == nullptr) return std::nullopt;
  if (request.method != "GET" && request.method != "HEAD") return method_not_allowed();

  net::HttpResponse response;
  add(response, "ETag", asset->etag);
  add(response, "Cache-Control", asset->cache_control);
  add(response, "Vary", "Accept-Encoding");
  if (!asset->etag.empty() && etag_matches(request.header("If-None-Match"), asset->etag)) {
    response.status = 304;
    return response;
  }
  add(response, "Content-Type", asset->content_type);
  add(response, "X-Content-Type-Options", "nosniff");
  if (asset->path == "/") add(response, "Content-Security-Policy", kContentSecurityPolicy);
  const Coding coding = choose_coding(*asset, request.header("Accept-Encoding"));
  if (coding != Coding::identity) add(response, "Content-Encoding", coding_name(coding));
  response.body = bytes_of(*asset, coding);
  return response;
}

}  // namespace page
