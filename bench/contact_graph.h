// ContactGraph: who is a contact of whom, as a function instead of a table.
//
// The users stand in a circle in an order drawn from the seed, and each is a contact of those at a
// fixed set of distances, drawn from the seed as well, to either side. So the graph is symmetric,
// everybody has exactly the same number of contacts, and both directions of looking up (the k-th
// contact of a user; the place of a user in another's list) take constant time, which the
// generator needs once per notification. The same arguments give the same graph.
//
// Immutable after construction; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace bench {

using UserIndex = uint32_t;

class ContactGraph {
 public:
  // `contacts` is even (0 for nobody knows anybody) and less than `users`; throws
  // std::invalid_argument otherwise.
  ContactGraph(uint32_t users, uint32_t contacts, uint64_t seed);

  [[nodiscard]] uint32_t users() const { return static_cast<uint32_t>(position_.size()); }
  [[nodiscard]] uint32_t contacts() const { return static_cast<uint32_t>(distances_.size()); }

  // The contact in `slot` (below contacts()) of the user's list.
  [[nodiscard]] UserIndex contact(UserIndex user, uint32_t slot) const {
    const uint32_t position = position_[user] + distances_[slot];
    return user_at_[position < users() ? position : position - users()];
  }
  // Where `other` stands in the user's list; nothing for a stranger and for the user itself.
  [[nodiscard]] std::optional<uint32_t> slot_of(UserIndex user, UserIndex other) const;
  // contact(contact(user, slot), mirror(slot)) == user.
  [[nodiscard]] static uint32_t mirror(uint32_t slot) { return slot ^ 1U; }

 private:
  std::vector<uint32_t> position_;   // by user
  std::vector<UserIndex> user_at_;   // by position
  std::vector<uint32_t> distances_;  // by slot, below users(); slots 2k and 2k+1 are opposite
  std::vector<int32_t> slot_at_;     // by distance; -1: no contact
};

// "user-000042".
[[nodiscard]] std::string user_name(UserIndex user);
// The reverse; nothing for any other text.
[[nodiscard]] std::optional<UserIndex> parse_user_name(std::string_view name);

// Writes `{"user": ["contact", ...], ...}`, each pair once, since edges of the file are mutual
// (contract, section 10). Throws std::runtime_error when the file cannot be written.
void write_contacts_file(const ContactGraph& graph, const std::string& path);

}  // namespace bench
