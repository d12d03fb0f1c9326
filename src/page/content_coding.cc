#include "page/content_coding.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace page {
namespace {

// Ratings are q-values in thousandths; kUnmentioned is lower than any.
constexpr int kUnmentioned = -1;
constexpr int kFullRating = 1000;

// Takes the text up to `separator` off the front of `rest`, trimmed.
std::string_view take(std::string_view& rest, char separator) {
  const std::size_t end = std::min(rest.find(separator), rest.size());
  const std::string_view element = base::trim(rest.substr(0, end));
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return element;
}

// `0`, `0.25`, `1.000`; kUnmentioned for anything else.
int parse_rating(std::string_view text) {
  if (text.empty() || text.size() > 5 || (text[0] != '0' && text[0] != '1')) return kUnmentioned;
  int rating = (text[0] - '0') * kFullRating;
  if (text.size() == 1) return rating;
  if (text[1] != '.') return kUnmentioned;
  int weight = kFullRating;
  for (const char digit : text.substr(2)) {
    if (digit < '0' || digit > '9') return kUnmentioned;
    weight /= 10;
    rating += (digit - '0') * weight;
  }
  return rating <= kFullRating ? rating : kUnmentioned;
}

// The rating in the parameters of one element, such as `;q=0.5`.
int rating_of(std::string_view parameters) {
  while (!parameters.empty()) {
    std::string_view parameter = take(parameters, ';');
    const std::string_view name = take(parameter, '=');
    if (base::iequals(name, "q")) return parse_rating(base::trim(parameter));
  }
  return kFullRating;
}

}  // namespace

std::string_view coding_name(Coding coding) {
  constexpr std::array<std::string_view, 4> kNames = {"identity", "deflate", "gzip", "br"};
  return kNames.at(static_cast<std::size_t>(coding));
}

Coding negotiate(std::string_view accept_encoding, std::span<const Coding> available) {
  std::array<int, 4> ratings;
  ratings.fill(kUnmentioned);
  int any = kUnmentioned;
  while (!accept_encoding.empty()) {
    std::string_view element = take(accept_encoding, ',');
    const std::string_view name = take(element, ';');
    const int rating = rating_of(element);
    if (name == "*") any = rating;
    for (std::size_t i = 0; i < ratings.size(); ++i) {
      if (base::iequals(name, coding_name(static_cast<Coding>(i)))) ratings.at(i) = rating;
    }
  }

  Coding best = Coding::identity;
  // Identity needs no mention to be acceptable, but then every coding that was asked for is better.
  int best_rating = std::max(ratings[0], 0);
  for (const Coding coding : available) {
    int rating = ratings.at(static_cast<std::size_t>(coding));
    if (rating == kUnmentioned) rating = any;
    const bool better = rating > best_rating || (rating == best_rating && best == Coding::identity);
    if (rating > 0 && better) {
      best = coding;
      best_rating = rating;
    }
  }
  return best;
}

bool etag_matches(std::string_view if_none_match, std::string_view etag) {
  while (!if_none_match.empty()) {
    std::string_view element = take(if_none_match, ',');
    if (element.starts_with("W/")) element.remove_prefix(2);
    if (element == etag || element == "*") return true;
  }
  return false;
}

}  // namespace page
