// The signature algorithms of JSON Web Tokens that are accepted (contract, section 2; RFC 7518 and
// RFC 8037). `none` is not among them, so it is as unknown as any other word. Internal to auth.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace auth {

enum class Algorithm : uint8_t { kHs256, kHs384, kHs512, kRs256, kPs256, kEs256, kEdDsa };

// Spelled exactly so: names are case-sensitive (RFC 7515, 4.1.1).
[[nodiscard]] std::optional<Algorithm> parse_algorithm(std::string_view name);

// A set of algorithms: what one key accepts.
class AlgorithmSet {
 public:
  constexpr AlgorithmSet() = default;
  template <class... More>
  constexpr explicit AlgorithmSet(Algorithm first, More... more) {
    add(first);
    (add(more), ...);
  }
  [[nodiscard]] constexpr bool contains(Algorithm algorithm) const {
    return (bits_ & bit(algorithm)) != 0;
  }

 private:
  static constexpr uint8_t bit(Algorithm algorithm) {
    return static_cast<uint8_t>(1U << static_cast<unsigned>(algorithm));
  }
  constexpr void add(Algorithm algorithm) { bits_ = static_cast<uint8_t>(bits_ | bit(algorithm)); }

  uint8_t bits_ = 0;
};

}  // namespace auth
