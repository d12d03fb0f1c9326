#include "bench/contact_graph.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <numeric>
#include <random>
#include <stdexcept>
#include <string_view>

namespace bench {
namespace {

constexpr std::string_view kNamePrefix = "user-";
constexpr std::size_t kNameDigits = 6;

// A shuffle of our own: that of the standard library may differ between its implementations.
template <class T>
void shuffle(std::vector<T>& items, std::mt19937_64& random) {
  for (std::size_t left = items.size(); left > 1; --left) {
    std::swap(items[left - 1], items[random() % left]);
  }
}

}  // namespace

ContactGraph::ContactGraph(uint32_t users, uint32_t contacts, uint64_t seed) {
  if (contacts % 2 != 0 || contacts >= std::max(users, 1U)) {
    throw std::invalid_argument("the number of contacts must be even and below that of users");
  }
  std::mt19937_64 random(seed);
  user_at_.resize(users);
  std::iota(user_at_.begin(), user_at_.end(), 0U);
  shuffle(user_at_, random);
  position_.resize(users);
  for (uint32_t position = 0; position < users; ++position)
    position_[user_at_[position]] = position;

  std::vector<uint32_t> distances((std::max(users, 1U) - 1) / 2);
  std::iota(distances.begin(), distances.end(), 1U);
  shuffle(distances, random);
  slot_at_.assign(users, -1);
  for (uint32_t pair = 0; pair < contacts / 2; ++pair) {
    for (const uint32_t distance : {distances[pair], users - distances[pair]}) {
      slot_at_[distance] = static_cast<int32_t>(distances_.size());
      distances_.push_back(distance);
    }
  }
}

std::optional<uint32_t> ContactGraph::slot_of(UserIndex user, UserIndex other) const {
  if (user >= users() || other >= users()) return std::nullopt;
  const uint32_t from = position_[user];
  const uint32_t to = position_[other];
  const int32_t slot = slot_at_[to >= from ? to - from : to + users() - from];
  if (slot < 0) return std::nullopt;
  return static_cast<uint32_t>(slot);
}

std::string user_name(UserIndex user) { return fmt::format("{}{:06}", kNamePrefix, user); }

std::optional<UserIndex> parse_user_name(std::string_view name) {
  if (name.size() != kNamePrefix.size() + kNameDigits || !name.starts_with(kNamePrefix)) {
    return std::nullopt;
  }
  UserIndex user = 0;
  const char* end = name.data() + name.size();
  const auto [stopped, error] = std::from_chars(name.data() + kNamePrefix.size(), end, user);
  if (error != std::errc() || stopped != end) return std::nullopt;
  return user;
}

void write_contacts_file(const ContactGraph& graph, const std::string& path) {
  std::ofstream file(path, std::ios::binary);
  std::string line;
  file << '{';
  for (UserIndex user = 0; user < graph.users(); ++user) {
    line = fmt::format("{}\n\"{}\":[", user == 0 ? "" : ",", user_name(user));
    const char* separator = "";
    for (uint32_t slot = 0; slot < graph.contacts(); ++slot) {
      const UserIndex other = graph.contact(user, slot);
      if (other < user) continue;
      line += fmt::format("{}\"{}\"", separator, user_name(other));
      separator = ",";
    }
    file << line << ']';
  }
  file << "\n}\n";
  file.close();
  if (!file) throw std::runtime_error(fmt::format("{} cannot be written", path));
}

}  // namespace bench
