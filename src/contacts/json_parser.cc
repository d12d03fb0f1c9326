// {"alice": ["bob", "carol"], ...}, of any size: the SAX interface of Boost.JSON is fed with pieces
// and keeps no tree.
#include <boost/json/basic_parser_impl.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <limits>

#include "contacts/formats.h"
#include "contacts/parser_base.h"
#include "presence/ids.h"

namespace contacts {
namespace {

namespace json = boost::json;
using ErrorCode = json::error_code;

// What Boost.JSON calls. It knows only three places: outside the object, in it, in a list of it.
struct Handler {
  static constexpr std::size_t kNoLimit = std::numeric_limits<std::size_t>::max();
  static constexpr std::size_t max_object_size = kNoLimit;
  static constexpr std::size_t max_array_size = kNoLimit;
  static constexpr std::size_t max_key_size = kNoLimit;     // bounded by collect()
  static constexpr std::size_t max_string_size = kNoLimit;  // bounded by collect()

  enum class Place : uint8_t { kOutside, kObject, kList };

  // Takes the pair (user, text); false when it was refused.
  std::function<bool(std::string_view user, std::string_view contact)> pair;

  Place place = Place::kOutside;
  std::string user;
  std::string text;  // the key or string that is being read
  std::string refusal;
  std::size_t index = 0;  // of the string in its list

  bool refuse(std::string what, ErrorCode& ec) {
    refusal = std::move(what);
    ec = json::make_error_code(json::error::syntax);
    return false;
  }
  bool unexpected(ErrorCode& ec) {
    switch (place) {
      case Place::kOutside: return refuse("must be an object of users with their contacts", ec);
      case Place::kObject: return refuse(fmt::format("{}: must be an array of user ids", user), ec);
      case Place::kList: break;
    }
    return refuse(fmt::format("{}[{}]: must be a string", user, index), ec);
  }
  // Keeps what makes an id too long, and nothing beyond it: memory stays bounded, and the refusal
  // comes with the end of the text, so that it does not depend on how the input was cut.
  void collect(json::string_view part) {
    const std::size_t room = presence::kMaxUserIdBytes + 1 - text.size();
    text.append(part.data(), std::min(part.size(), room));
  }

  bool on_document_begin(ErrorCode&) { return true; }
  bool on_document_end(ErrorCode&) { return true; }
  bool on_object_begin(ErrorCode& ec) {
    if (place != Place::kOutside) return unexpected(ec);
    place = Place::kObject;
    return true;
  }
  bool on_object_end(std::size_t, ErrorCode&) {
    place = Place::kOutside;
    return true;
  }
  bool on_array_begin(ErrorCode& ec) {
    if (place != Place::kObject) return unexpected(ec);
    place = Place::kList;
    index = 0;
    return true;
  }
  bool on_array_end(std::size_t, ErrorCode&) {
    place = Place::kObject;
    return true;
  }
  bool on_key_part(json::string_view part, std::size_t, ErrorCode&) {
    collect(part);
    return true;
  }
  bool on_key(json::string_view part, std::size_t, ErrorCode& ec) {
    collect(part);
    user.swap(text);
    text.clear();
    const auto valid = presence::check_user_id(user, "user");
    return valid ? true : refuse(valid.error().message, ec);
  }
  bool on_string_part(json::string_view part, std::size_t, ErrorCode&) {
    collect(part);
    return true;
  }
  bool on_string(json::string_view part, std::size_t, ErrorCode& ec) {
    if (place != Place::kList) return unexpected(ec);
    collect(part);
    if (!pair(user, text)) return refuse({}, ec);
    text.clear();
    ++index;
    return true;
  }
  bool on_number_part(json::string_view, ErrorCode&) { return true; }
  bool on_int64(int64_t, json::string_view, ErrorCode& ec) { return unexpected(ec); }
  bool on_uint64(uint64_t, json::string_view, ErrorCode& ec) { return unexpected(ec); }
  bool on_double(double, json::string_view, ErrorCode& ec) { return unexpected(ec); }
  bool on_bool(bool, ErrorCode& ec) { return unexpected(ec); }
  bool on_null(ErrorCode& ec) { return unexpected(ec); }
  bool on_comment_part(json::string_view, ErrorCode&) { return true; }
  bool on_comment(json::string_view, ErrorCode&) { return true; }
};

class JsonParser final : public ParserBase {
 public:
  JsonParser(Direction direction, std::string source_name)
      : ParserBase(direction, std::move(source_name)), parser_(json::parse_options{}) {
    parser_.handler().pair = [this](std::string_view user, std::string_view contact) {
      pair_outcome_ = check(user, contact);
      if (pair_outcome_) append(user, contact, *out_);
      return pair_outcome_.has_value();
    };
  }

 private:
  base::Result<void> parse(std::string_view piece, Edges& out) override {
    return write(piece, true, out);
  }
  base::Result<void> parse_end(Edges& out) override { return write({}, false, out); }

  base::Result<void> write(std::string_view piece, bool more, Edges& out) {
    out_ = &out;
    ErrorCode error;
    const std::size_t used = parser_.write_some(more, piece.data(), piece.size(), error);
    out_ = nullptr;
    count_lines(piece.substr(0, used));
    if (error) return refuse_because(error);
    if (used < piece.size()) return refuse("something follows the object");
    return {};
  }

  base::Result<void> refuse_because(const ErrorCode& error) const {
    const Handler& handler = parser_.handler();
    if (!handler.refusal.empty()) return refuse(handler.refusal);
    if (!pair_outcome_)
      return refuse(
          fmt::format("{}[{}]: {}", handler.user, handler.index, pair_outcome_.error().message));
    if (error == json::error::incomplete) return refuse("the object is cut short");
    return refuse(fmt::format("not valid JSON: {}", error.message()));
  }

  Edges* out_ = nullptr;  // of the call that is under way
  base::Result<void> pair_outcome_;
  json::basic_parser<Handler> parser_;
};

}  // namespace

std::unique_ptr<EdgeParser> make_json_parser(Direction direction, std::string source_name) {
  return std::make_unique<JsonParser>(direction, std::move(source_name));
}

}  // namespace contacts
