#include "contacts/parser_base.h"

#include <fmt/format.h>

#include <algorithm>

#include "presence/ids.h"

namespace contacts {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

}  // namespace

base::Result<void> ParserBase::feed(std::string_view piece, Edges& out) {
  if (refusal_) return tl::unexpected<base::Error>(*refusal_);
  if (auto skipped = skip_byte_order_mark(piece); !skipped) return remember(std::move(skipped));
  if (piece.empty()) return {};
  return remember(parse(piece, out));
}

base::Result<void> ParserBase::finish(Edges& out) {
  if (refusal_) return tl::unexpected<base::Error>(*refusal_);
  if (!mark_done_ && mark_bytes_ != 0) return remember(refuse("a byte order mark is cut short"));
  return remember(parse_end(out));
}

// None of the formats can begin with a part of the mark, so a part is wrong whatever follows.
base::Result<void> ParserBase::skip_byte_order_mark(std::string_view& piece) {
  while (!mark_done_ && !piece.empty()) {
    if (piece.front() == kByteOrderMark[mark_bytes_]) {
      piece.remove_prefix(1);
      mark_done_ = ++mark_bytes_ == kByteOrderMark.size();
    } else if (mark_bytes_ == 0) {
      mark_done_ = true;
    } else {
      return refuse("a byte order mark is cut short");
    }
  }
  return {};
}

base::Result<void> ParserBase::remember(base::Result<void> outcome) {
  if (!outcome) refusal_ = outcome.error();
  return outcome;
}

base::Result<void> ParserBase::check(std::string_view user, std::string_view contact) {
  if (auto valid = presence::check_user_id(user, "user"); !valid) return valid;
  if (auto valid = presence::check_user_id(contact, "contact"); !valid) return valid;
  if (user != contact) return {};
  return base::fail(base::ErrorCode::kInvalidArgument,
                    "contact: a user cannot be their own contact");
}

void ParserBase::append(std::string_view user, std::string_view contact, Edges& out) const {
  out.push_back({std::string(user), std::string(contact)});
  if (direction_ == Direction::mutual) out.push_back({std::string(contact), std::string(user)});
}

base::Result<void> ParserBase::emit(std::string_view user, std::string_view contact,
                                    Edges& out) const {
  if (const auto valid = check(user, contact); !valid) return refuse(valid.error().message);
  append(user, contact, out);
  return {};
}

tl::unexpected<base::Error> ParserBase::refuse(std::string_view what) const {
  return base::fail(base::ErrorCode::kInvalidArgument,
                    fmt::format("{}:{}: {}", source_name_, line_, what));
}

void ParserBase::count_lines(std::string_view passed) {
  line_ += static_cast<uint64_t>(std::count(passed.begin(), passed.end(), '\n'));
}

}  // namespace contacts
