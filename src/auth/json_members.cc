#include "auth/json_members.h"

#include <algorithm>
#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/error.hpp>
#include <cstdint>
#include <limits>
#include <optional>

namespace auth {
namespace {

using boost::system::error_code;

constexpr std::size_t kMaxDepth = 32;

// Receives the parser's events. Depth 1 is the document's own object; the value of a wanted member
// is recorded at depth 1, or at depth 2 when it is an array.
class MemberHandler {
 public:
  static constexpr std::size_t max_object_size = std::numeric_limits<std::size_t>::max();
  static constexpr std::size_t max_array_size = std::numeric_limits<std::size_t>::max();
  static constexpr std::size_t max_key_size = std::numeric_limits<std::size_t>::max();
  static constexpr std::size_t max_string_size = std::numeric_limits<std::size_t>::max();

  explicit MemberHandler(std::span<const std::string_view> wanted) : wanted_(wanted) {}

  std::vector<JsonMember> members;
  bool is_object = false;
  bool has_duplicate = false;

  bool on_document_begin(error_code&) { return true; }
  bool on_document_end(error_code&) { return true; }

  bool on_object_begin(error_code&) {
    if (depth_ == 0) is_object = true;
    begin_value(JsonMember::Kind::kOther);
    ++depth_;
    return true;
  }
  bool on_object_end(std::size_t, error_code&) { return end_container(); }
  bool on_array_begin(error_code&) {
    begin_value(JsonMember::Kind::kStrings);
    ++depth_;
    return true;
  }
  bool on_array_end(std::size_t, error_code&) { return end_container(); }

  bool on_key_part(std::string_view part, std::size_t, error_code&) {
    text_.append(part);
    return true;
  }
  bool on_key(std::string_view part, std::size_t, error_code& ec) {
    text_.append(part);
    if (depth_ == 1) begin_member(ec);
    text_.clear();
    return !ec;
  }
  bool on_string_part(std::string_view part, std::size_t, error_code&) {
    text_.append(part);
    return true;
  }
  bool on_string(std::string_view part, std::size_t, error_code&) {
    text_.append(part);
    if (current_ && depth_ == 2 && member().kind == JsonMember::Kind::kStrings) {
      member().texts.push_back(std::move(text_));
    } else if (begin_value(JsonMember::Kind::kString)) {
      member().text = std::move(text_);
    }
    text_.clear();
    return true;
  }

  bool on_number_part(std::string_view, error_code&) { return true; }
  bool on_int64(int64_t value, std::string_view, error_code&) {
    return on_number(static_cast<double>(value));
  }
  bool on_uint64(uint64_t value, std::string_view, error_code&) {
    return on_number(static_cast<double>(value));
  }
  bool on_double(double value, std::string_view, error_code&) { return on_number(value); }
  bool on_bool(bool, error_code&) {
    begin_value(JsonMember::Kind::kOther);
    return true;
  }
  bool on_null(error_code&) {
    begin_value(JsonMember::Kind::kOther);
    return true;
  }
  bool on_comment_part(std::string_view, error_code&) { return true; }
  bool on_comment(std::string_view, error_code&) { return true; }

 private:
  JsonMember& member() { return members[*current_]; }

  void begin_member(error_code& ec) {
    current_.reset();
    if (std::find(wanted_.begin(), wanted_.end(), text_) == wanted_.end()) return;
    if (find_member(members, text_) != nullptr) {
      has_duplicate = true;
      ec = make_error_code(boost::json::error::syntax);  // any error ends the parsing
      return;
    }
    current_ = members.size();
    members.emplace_back().name = text_;
  }

  // A value of `kind` begins. True when it is the whole value of a wanted member; one inside a
  // wanted array makes that array something other than an array of strings.
  bool begin_value(JsonMember::Kind kind) {
    if (!current_) return false;
    if (depth_ == 1) {
      member().kind = kind;
      return true;
    }
    member().kind = JsonMember::Kind::kOther;
    return false;
  }

  bool on_number(double value) {
    if (begin_value(JsonMember::Kind::kNumber)) member().number = value;
    return true;
  }

  bool end_container() {
    --depth_;
    if (depth_ == 1) current_.reset();
    return true;
  }

  std::span<const std::string_view> wanted_;
  std::optional<std::size_t> current_;  // the wanted member whose value is being read
  std::size_t depth_ = 0;
  std::string text_;
};

}  // namespace

base::Result<std::vector<JsonMember>> read_json_members(std::string_view part,
                                                        std::string_view text,
                                                        std::span<const std::string_view> wanted) {
  boost::json::parse_options options;
  options.max_depth = kMaxDepth;
  boost::json::basic_parser<MemberHandler> parser(options, wanted);
  error_code ec;
  const std::size_t read = parser.write_some(false, text.data(), text.size(), ec);
  const MemberHandler& handler = parser.handler();
  if (handler.has_duplicate) {
    return base::fail(base::ErrorCode::kUnauthorized,
                      std::string(part) + " has a member of the same name twice");
  }
  if (ec || read != text.size() || !handler.is_object) {
    return base::fail(base::ErrorCode::kUnauthorized, std::string(part) + " is not a JSON object");
  }
  return std::move(parser.handler().members);
}

const JsonMember* find_member(const std::vector<JsonMember>& members, std::string_view name) {
  for (const JsonMember& member : members)
    if (member.name == name) return &member;
  return nullptr;
}

}  // namespace auth
