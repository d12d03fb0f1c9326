#include "config/suggest.h"

#include <algorithm>
#include <vector>

namespace config {
namespace {

constexpr std::size_t kLongestGiven = 64;

// How many letters must be inserted, removed, changed or swapped with their neighbour.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::vector<std::size_t>> table(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i) table[i][0] = i;
  for (std::size_t j = 0; j <= b.size(); ++j) table[0][j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t change = table[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      table[i][j] = std::min({table[i - 1][j] + 1, table[i][j - 1] + 1, change});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        table[i][j] = std::min(table[i][j], table[i - 2][j - 2] + 1);
    }
  }
  return table[a.size()][b.size()];
}

bool is_last_part(std::string_view given, std::string_view name) {
  if (name.size() <= given.size() || !name.ends_with(given)) return false;
  const char before = name[name.size() - given.size() - 1];
  return before == '.' || before == '_' || before == '-';
}

}  // namespace

std::string did_you_mean(std::string_view given, std::span<const std::string> names,
                         std::size_t prefix) {
  given.remove_prefix(std::min(prefix, given.size()));
  if (given.empty() || given.size() > kLongestGiven) return {};
  const std::string* best = nullptr;
  std::size_t best_distance = std::max<std::size_t>(1, given.size() / 3) + 1;
  for (const std::string& name : names) {
    const std::string_view rest = std::string_view(name).substr(prefix);
    const std::size_t distance = is_last_part(given, rest) ? 1 : edit_distance(given, rest);
    if (distance < best_distance) {
      best = &name;
      best_distance = distance;
    }
  }
  return best == nullptr ? std::string() : "; did you mean `" + *best + "`?";
}

}  // namespace config
