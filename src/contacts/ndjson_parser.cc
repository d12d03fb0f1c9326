// {"user": "alice", "contact": "bob"}, one per line.
#include <fmt/format.h>
#include <boost/json/monotonic_resource.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include <array>

#include "contacts/formats.h"
#include "contacts/parser_base.h"

namespace contacts {
namespace {

namespace json = boost::json;

class NdjsonParser final : public ParserBase {
 public:
  using ParserBase::ParserBase;

 private:
  base::Result<void> parse(std::string_view piece, Edges& out) override {
    for (;;) {
      const std::size_t end = piece.find('\n');
      const std::string_view part = piece.substr(0, end);
      if (held_.size() + part.size() > kMaxLineBytes)
        return refuse("a line has at most 65536 bytes");
      if (end == std::string_view::npos) {
        held_ += part;
        return {};
      }
      // Most lines lie within a piece and are read where they are.
      if (!held_.empty()) held_ += part;
      if (auto read = parse_line(held_.empty() ? part : held_, out); !read) return read;
      held_.clear();
      next_line();
      piece.remove_prefix(end + 1);
    }
  }

  base::Result<void> parse_end(Edges& out) override { return parse_line(held_, out); }

  base::Result<void> parse_line(std::string_view line, Edges& out) {
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.find_first_not_of(" \t") == std::string_view::npos) return {};
    json::monotonic_resource memory(buffer_.data(), buffer_.size());
    json::error_code error;
    const json::value value = json::parse({line.data(), line.size()}, error, &memory);
    if (error) return refuse(fmt::format("not valid JSON: {}", error.message()));
    const json::object* object = value.if_object();
    if (object == nullptr) return refuse("must be an object with user and contact");
    const auto user = string_field(*object, "user");
    if (!user) return tl::unexpected<base::Error>(user.error());
    const auto contact = string_field(*object, "contact");
    if (!contact) return tl::unexpected<base::Error>(contact.error());
    return emit(*user, *contact, out);
  }

  base::Result<std::string_view> string_field(const json::object& object, const char* name) const {
    const json::value* field = object.if_contains(name);
    if (field == nullptr) return refuse(fmt::format("{}: missing", name));
    const json::string* text = field->if_string();
    if (text == nullptr) return refuse(fmt::format("{}: must be a string", name));
    return std::string_view(text->data(), text->size());
  }

  std::string held_;                        // the start of a line whose end has not come yet
  std::array<unsigned char, 8192> buffer_;  // for the tree of one line
};

}  // namespace

std::unique_ptr<EdgeParser> make_ndjson_parser(Direction direction, std::string source_name) {
  return std::make_unique<NdjsonParser>(direction, std::move(source_name));
}

}  // namespace contacts
