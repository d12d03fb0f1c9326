#include "app/http_client.h"

#include <fmt/format.h>

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <boost/json/parse.hpp>
#include <optional>

#include "config/command_line.h"

namespace app {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;

constexpr uint64_t kMaxAnswer = uint64_t{4} << 30;

struct Url {
  bool tls = false;
  std::string host;
  std::string port;
};

std::optional<Url> parse_url(std::string_view text) {
  Url url;
  if (text.starts_with("https://")) {
    url.tls = true;
    text.remove_prefix(8);
  } else if (text.starts_with("http://")) {
    text.remove_prefix(7);
  } else {
    return std::nullopt;
  }
  while (text.ends_with('/')) text.remove_suffix(1);
  std::size_t colon = text.rfind(':');
  if (text.starts_with('[')) {
    const std::size_t bracket = text.find(']');
    if (bracket == std::string_view::npos) return std::nullopt;
    url.host = text.substr(1, bracket - 1);
    if (colon < bracket) colon = std::string_view::npos;
  } else {
    url.host = text.substr(0, colon);
  }
  url.port = colon == std::string_view::npos ? (url.tls ? "443" : "80") : text.substr(colon + 1);
  if (url.host.empty() || text.find('/') != std::string_view::npos) return std::nullopt;
  return url;
}

template <class Stream>
http::response<http::string_body> send_and_receive(
    Stream& stream, const http::request<http::string_body>& request) {
  http::write(stream, request);
  boost::beast::flat_buffer buffer;
  http::response_parser<http::string_body> parser;
  parser.body_limit(kMaxAnswer);
  http::read(stream, buffer, parser);
  return parser.release();
}

}  // namespace

HttpClient::HttpClient(std::string server, std::string api_key)
    : server_(std::move(server)), api_key_(std::move(api_key)) {}

base::Result<std::string> HttpClient::get(std::string_view target) {
  return request("GET", target, {});
}

base::Result<std::string> HttpClient::post(std::string_view target, std::string_view body) {
  return request("POST", target, body);
}

base::Result<std::string> HttpClient::request(std::string_view method, std::string_view target,
                                              std::string_view body) {
  const std::optional<Url> url = parse_url(server_);
  if (!url)
    return base::fail(base::ErrorCode::kInvalidArgument,
                      fmt::format("--server: `{}` is not http://HOST[:PORT]", server_));
  http::request<http::string_body> request;
  request.version(11);
  request.method_string(method);
  request.target(target);
  request.set(http::field::host, url->host + ":" + url->port);
  request.set(http::field::user_agent, fmt::format("presenced/{}", config::version()));
  request.set(http::field::authorization, "Bearer " + api_key_);
  request.body() = body;
  request.prepare_payload();
  try {
    asio::io_context io;
    asio::ip::tcp::resolver resolver(io);
    http::response<http::string_body> response;
    if (url->tls) {
      asio::ssl::context tls(asio::ssl::context::tls_client);
      tls.set_default_verify_paths();
      tls.set_verify_mode(asio::ssl::verify_peer);
      asio::ssl::stream<asio::ip::tcp::socket> stream(io, tls);
      stream.set_verify_callback(asio::ssl::host_name_verification(url->host));
      SSL_set_tlsext_host_name(stream.native_handle(), url->host.c_str());
      asio::connect(stream.next_layer(), resolver.resolve(url->host, url->port));
      stream.handshake(asio::ssl::stream_base::client);
      response = send_and_receive(stream, request);
    } else {
      asio::ip::tcp::socket socket(io);
      asio::connect(socket, resolver.resolve(url->host, url->port));
      response = send_and_receive(socket, request);
    }
    if (response.result_int() / 100 == 2) return std::move(response.body());
    return base::fail(
        base::ErrorCode::kInternal,
        fmt::format("--server {}: {} {}", server_, response.result_int(), response.body()));
  } catch (const boost::system::system_error& error) {
    return base::fail(base::ErrorCode::kInternal,
                      fmt::format("--server {}: {}", server_, error.code().message()));
  }
}

uint64_t added_of(std::string_view answer) {
  boost::json::error_code error;
  const boost::json::value value = boost::json::parse(answer, error);
  if (error || !value.is_object()) return 0;
  const boost::json::value* added = value.get_object().if_contains("added");
  return added != nullptr && added->is_int64() ? static_cast<uint64_t>(added->get_int64()) : 0;
}

}  // namespace app
