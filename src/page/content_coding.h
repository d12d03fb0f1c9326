// Which of the codings that we hold of a file a client gets (RFC 9110 section 12.5.3): pure
// functions over header values, no state, any thread.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace page {

enum class Coding : uint8_t { identity, deflate, gzip, br };

// The name on the wire, as in `Content-Encoding`.
[[nodiscard]] std::string_view coding_name(Coding coding);

// The coding that `accept_encoding` rates highest among `available`, which lists what is held
// besides identity. On equal ratings a compressed one wins over identity, and the earlier in
// `available` over the later. Identity when nothing else is accepted, even when it was refused too:
// a client that refuses everything is better served than turned away. Elements that cannot be read
// are ignored.
[[nodiscard]] Coding negotiate(std::string_view accept_encoding, std::span<const Coding> available);

// True when `if_none_match` names `etag` (a strong one, with its quotes): itself, its weak form,
// one of a list, or `*` (RFC 9110 section 13.1.2).
[[nodiscard]] bool etag_matches(std::string_view if_none_match, std::string_view etag);

}  // namespace page
