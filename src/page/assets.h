// The files that live inside the binary: the browser bundle of socket.io-client, served beside the
// engine's path as Socket.IO serves it, and the page at `/` on which presence can be watched.
//
// The bytes come from web/ at build time, already compressed (web/pack.mjs), and are never copied
// but into the answer. Immutable after construction: one Assets may be shared by all threads.
// serve() is a pure function of the request.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "net/http.h"
#include "page/content_coding.h"

namespace page {

// One file in all its codings. Views into the binary, or into the Assets that made it.
struct Asset {
  std::string_view
      path;  // exact, such as `/demo/index-DAw3Lr5F.css`; of a bundle file only its name
  std::string_view content_type;
  std::string_view etag;  // strong, with its quotes
  std::string_view cache_control;
  std::string_view identity;
  std::string_view br;  // empty when compressing gained nothing
  std::string_view gzip;
  std::string_view deflate;
};

// What was embedded: the bundle's files by name, and the page's by path.
[[nodiscard]] std::span<const Asset> embedded_bundle();
[[nodiscard]] std::span<const Asset> embedded_page();
// The users of conf/sample-contacts.json, as a JSON array of strings.
[[nodiscard]] std::string_view embedded_sample_users();

// Whether the page at `/` is served. It lets anybody take any user's name when the server runs in
// insecure mode, so an application that is in earnest leaves it out.
enum class DemoPage { kServed, kAbsent };

class Assets {
 public:
  // `engine_path` is the setting `path`, such as `/socket.io/`; the bundle is served below it.
  Assets(std::string_view engine_path, DemoPage demo);
  Assets(const Assets&) = delete;
  Assets& operator=(const Assets&) = delete;

  // The answer to a request for one of our files by its exact path: 200, 304, or 405 for a method
  // that is not GET or HEAD. Nothing when the path is not ours, whoever else may want it. The
  // answer to a HEAD carries the body too, so that its Content-Length is right; the connection does
  // not send it.
  [[nodiscard]] std::optional<net::HttpResponse> serve(const net::HttpRequest& request) const;

  [[nodiscard]] const Asset* find(std::string_view path) const;

 private:
  std::string bundle_prefix_;  // ends in '/'
  DemoPage demo_;
  std::string settings_json_;  // what the page has to know of this server
  Asset settings_;
};

}  // namespace page
