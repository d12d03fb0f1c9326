#include "net/http_parser.h"

#include <algorithm>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/optional.hpp>
#include <string>
#include <utility>

#include "base/text.h"

namespace net {
namespace {

namespace http = boost::beast::http;
using boost::beast::error_code;
using boost::beast::string_view;

std::string_view view(string_view text) { return {text.data(), text.size()}; }

// Collects one request out of Beast's callbacks. Beast's parsers are not reusable, so there is a
// new one for each request.
class RequestCollector final : public http::basic_parser<true> {
 public:
  RequestCollector(HttpRequest& request, std::size_t head_limit) : request_(request) {
    header_limit(static_cast<std::uint32_t>(head_limit));
    body_limit(boost::none);  // the owner counts
    eager(false);
  }

  [[nodiscard]] int refused_with() const { return refused_with_; }
  [[nodiscard]] bool expects_continue() const { return expects_continue_; }
  [[nodiscard]] bool finished() const { return finished_; }
  [[nodiscard]] std::string_view take_body() { return std::exchange(body_, {}); }

 private:
  void refuse(int status, error_code& ec) {
    refused_with_ = status;
    ec = http::error::bad_value;
  }

  void on_request_impl(http::verb, string_view method, string_view target, int version,
                       error_code& ec) override {
    request_.method = view(method);
    request_.minor_version = version == 10 ? 0 : 1;
    std::string_view path = view(target);
    if (path.starts_with("http://") || path.starts_with("https://")) {
      path.remove_prefix(path.find("//") + 2);
      path.remove_prefix(std::min(path.find_first_of("/?"), path.size()));
      if (!path.starts_with('/')) request_.target = '/';
    } else if (!path.starts_with('/') && !(path == "*" && request_.method == "OPTIONS")) {
      return refuse(400, ec);
    }
    request_.target += path;
  }

  void on_field_impl(http::field field, string_view name, string_view value,
                     error_code& ec) override {
    if (head_done_) return;  // trailers carry nothing that we use
    if (request_.headers.size() == HttpParser::kMaxHeaders) return refuse(431, ec);
    request_.headers.push_back({std::string(view(name)), std::string(view(value))});
    if (field == http::field::host) {
      ++hosts_;
    } else if (field == http::field::transfer_encoding) {
      if (request_.minor_version == 0) return refuse(400, ec);
      if (!base::iequals(view(value), "chunked")) return refuse(501, ec);
    } else if (field == http::field::expect) {
      if (!base::iequals(view(value), "100-continue")) return refuse(417, ec);
      expects_continue_ = request_.minor_version == 1;
    } else if (field == http::field::connection) {
      request_.wants_upgrade |= base::list_contains(view(value), "upgrade");
    }
  }

  void on_header_impl(error_code& ec) override {
    head_done_ = true;
    if (hosts_ > 1 || (hosts_ == 0 && request_.minor_version == 1)) return refuse(400, ec);
    request_.keep_alive = keep_alive();
  }

  std::size_t on_body_impl(string_view body, error_code&) override {
    body_ = view(body);
    return body.size();
  }
  std::size_t on_chunk_body_impl(std::uint64_t, string_view body, error_code&) override {
    body_ = view(body);
    return body.size();
  }
  void on_finish_impl(error_code&) override { finished_ = true; }

  void on_response_impl(int, string_view, int, error_code&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override {}
  void on_chunk_header_impl(std::uint64_t, string_view, error_code&) override {}

  HttpRequest& request_;
  std::string_view body_;
  int refused_with_ = 0;
  int hosts_ = 0;
  bool head_done_ = false;
  bool finished_ = false;
  bool expects_continue_ = false;
};

int status_of(const error_code& ec) {
  if (ec == http::error::header_limit) return 431;
  if (ec == http::error::bad_version) return 505;
  return 400;
}

}  // namespace

class HttpParser::Impl {
 public:
  explicit Impl(std::size_t head_limit) : head_limit_(head_limit) { reset(); }

  void reset() {
    request_.method.clear();
    request_.target.clear();
    request_.headers.clear();
    request_.minor_version = 1;
    request_.keep_alive = true;
    request_.wants_upgrade = false;
    head_reported_ = false;
    head_bytes_ = 0;
    collector_.emplace(request_, head_limit_);
  }

  Step next(std::string_view input) {
    Step step;
    if (head_reported_ && collector_->finished()) {
      step.event = Event::kComplete;
      return step;
    }
    if (!collector_->got_some() && !skip_empty_lines(input, step)) return step;
    const std::size_t skipped = step.consumed;
    error_code ec;
    const std::string_view rest = input.substr(step.consumed);
    if (may_be_cut_end(rest)) return step;
    step.consumed += collector_->put(boost::asio::const_buffer(rest.data(), rest.size()), ec);
    if (ec && ec != http::error::need_more) return failed(step, ec);
    if (!head_reported_) {
      // Beast takes a head line by line and bounds only what is left of it.
      head_bytes_ += step.consumed - skipped;
      const std::size_t left = collector_->is_header_done() ? 0 : input.size() - step.consumed;
      if (head_bytes_ + left > head_limit_) return failed(step, http::error::header_limit);
    }
    if (!head_reported_ && collector_->is_header_done()) {
      head_reported_ = true;
      step.event = Event::kHead;
      return step;
    }
    step.body = collector_->take_body();
    if (!step.body.empty()) {
      step.event = Event::kBody;
    } else if (collector_->finished()) {
      step.event = Event::kComplete;
    } else if (!ec && step.consumed > 0) {
      // A chunk's header was read; its bytes may be here already.
      const std::size_t used = step.consumed;
      step = next(input.substr(used));
      step.consumed += used;
    } else if (input.size() - step.consumed >= head_limit_) {
      return failed(step, http::error::header_limit);  // a chunk extension or trailer without end
    }
    return step;
  }

  HttpRequest& request() { return request_; }
  [[nodiscard]] std::optional<uint64_t> content_length() const {
    if (collector_->chunked()) return std::nullopt;
    const auto length = collector_->content_length();
    return length ? *length : uint64_t{0};
  }
  [[nodiscard]] bool expects_continue() const { return collector_->expects_continue(); }

 private:
  // Empty lines before a request are skipped (RFC 9112, section 2.2). False: nothing else is there.
  static bool skip_empty_lines(std::string_view input, Step& step) {
    while (input.substr(step.consumed).starts_with("\r\n")) step.consumed += 2;
    const std::string_view rest = input.substr(step.consumed);
    return !rest.empty() && rest != "\r";
  }

  // Beast asserts that a last chunk it goes on with has its five bytes, "0\r\n\r\n". In a body,
  // too, more than that follows.
  [[nodiscard]] bool may_be_cut_end(std::string_view rest) const {
    return collector_->is_header_done() && collector_->chunked() && rest.starts_with('0') &&
           rest.size() < 5;
  }

  Step failed(Step step, const error_code& ec) const {
    step.event = Event::kError;
    step.status = collector_->refused_with() != 0 ? collector_->refused_with() : status_of(ec);
    return step;
  }

  std::size_t head_limit_;
  HttpRequest request_;
  std::optional<RequestCollector> collector_;
  std::size_t head_bytes_ = 0;
  bool head_reported_ = false;
};

HttpParser::HttpParser(std::size_t head_limit) : impl_(std::make_unique<Impl>(head_limit)) {}
HttpParser::~HttpParser() = default;
HttpParser::Step HttpParser::next(std::string_view input) { return impl_->next(input); }
HttpRequest& HttpParser::request() { return impl_->request(); }
std::optional<uint64_t> HttpParser::content_length() const { return impl_->content_length(); }
bool HttpParser::expects_continue() const { return impl_->expects_continue(); }
void HttpParser::reset() { impl_->reset(); }

}  // namespace net
