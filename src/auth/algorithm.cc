#include "auth/algorithm.h"

#include <array>
#include <utility>

namespace auth {

std::optional<Algorithm> parse_algorithm(std::string_view name) {
  static constexpr std::array<std::pair<std::string_view, Algorithm>, 7> kNames{{
      {"HS256", Algorithm::kHs256},
      {"HS384", Algorithm::kHs384},
      {"HS512", Algorithm::kHs512},
      {"RS256", Algorithm::kRs256},
      {"PS256", Algorithm::kPs256},
      {"ES256", Algorithm::kEs256},
      {"EdDSA", Algorithm::kEdDsa},
  }};
  for (const auto& [known, algorithm] : kNames)
    if (name == known) return algorithm;
  return std::nullopt;
}

}  // namespace auth
