// RFC 4180 with the header `user,contact`: a state machine over bytes, one field in memory.
#include <fmt/format.h>

#include <array>

#include "contacts/formats.h"
#include "contacts/parser_base.h"
#include "presence/ids.h"

namespace contacts {
namespace {

class CsvParser final : public ParserBase {
 public:
  using ParserBase::ParserBase;

 private:
  enum class State : uint8_t {
    kFieldStart,
    kPlain,     // in a field without quotes
    kQuoted,    // in a field with quotes
    kQuoteEnd,  // behind a quote in such a field: its end, or half of a quote that is doubled
    kReturn,    // behind a CR that must be that of a CRLF
  };

  base::Result<void> parse(std::string_view piece, Edges& out) override {
    for (const char c : piece)
      if (auto taken = take(c, out); !taken) return taken;
    return {};
  }

  base::Result<void> parse_end(Edges& out) override {
    if (state_ == State::kQuoted) return refuse("a quoted field is cut short");
    if (state_ == State::kReturn) return refuse("a CR must be followed by LF");
    if (auto ended = end_record(out); !ended) return ended;
    if (!header_seen_) return refuse("the header `user,contact` is missing");
    return {};
  }

  base::Result<void> take(char c, Edges& out) {
    switch (state_) {
      case State::kFieldStart:
        if (c != '"') return take_plain(c, out);
        state_ = State::kQuoted;
        was_quoted_ = true;
        return {};
      case State::kPlain: return take_plain(c, out);
      case State::kQuoted:
        if (c != '"') return add_to_field(c);
        state_ = State::kQuoteEnd;
        return {};
      case State::kQuoteEnd:
        if (c == '"') {
          state_ = State::kQuoted;
          return add_to_field(c);
        }
        if (c == ',' || c == '\r' || c == '\n') return take_plain(c, out);
        return refuse("a quoted field must be followed by a comma or the end of the line");
      case State::kReturn: break;
    }
    if (c != '\n') return refuse("a CR must be followed by LF");
    return end_line(out);
  }

  // Outside quotes, where separators separate.
  base::Result<void> take_plain(char c, Edges& out) {
    if (c == '"') return refuse("a quote within a field without quotes");
    if (c == '\n') return end_line(out);
    if (c == '\r') {
      state_ = State::kReturn;
      return {};
    }
    if (c == ',') {
      if (++field_ == fields_.size()) return refuse("a line has exactly two fields");
      state_ = State::kFieldStart;
      return {};
    }
    state_ = State::kPlain;
    return add_to_field(c);
  }

  base::Result<void> add_to_field(char c) {
    fields_[field_] += c;
    if (fields_[field_].size() <= presence::kMaxUserIdBytes) return {};
    return refuse(
        fmt::format("{}: a user id has at most 128 bytes", field_ == 0 ? "user" : "contact"));
  }

  // Line breaks within quotes need not be counted: no id may hold one, so that record is refused.
  base::Result<void> end_line(Edges& out) {
    if (auto ended = end_record(out); !ended) return ended;
    next_line();
    return {};
  }

  base::Result<void> end_record(Edges& out) {
    const bool empty = field_ == 0 && fields_[0].empty() && !was_quoted_;
    if (!empty) {
      if (auto taken = take_record(out); !taken) return taken;
    }
    for (std::string& field : fields_) field.clear();
    field_ = 0;
    was_quoted_ = false;
    state_ = State::kFieldStart;
    return {};
  }

  base::Result<void> take_record(Edges& out) {
    if (!header_seen_) {
      header_seen_ = field_ == 1 && fields_[0] == "user" && fields_[1] == "contact";
      return header_seen_ ? base::Result<void>{} : refuse("the header must be `user,contact`");
    }
    if (field_ != 1) return refuse("a line has exactly two fields");
    return emit(fields_[0], fields_[1], out);
  }

  State state_ = State::kFieldStart;
  std::array<std::string, 2> fields_;
  std::size_t field_ = 0;
  bool was_quoted_ = false;  // some field of this line, so that it is not an empty line
  bool header_seen_ = false;
};

}  // namespace

std::unique_ptr<EdgeParser> make_csv_parser(Direction direction, std::string source_name) {
  return std::make_unique<CsvParser>(direction, std::move(source_name));
}

}  // namespace contacts
