// What this version does not have. A part that has been built leaves the list below, and its
// settings are in force from then on.
#include <algorithm>
#include <array>

#include "config/values.h"

namespace config {
namespace {

constexpr std::array kNotInThisVersion{Feature::kHttpAuth, Feature::kJwksUrl,
                                       Feature::kHttpContacts, Feature::kPostgres,
                                       Feature::kWebhooks};

}  // namespace

bool is_available(Feature feature) {
  return std::find(kNotInThisVersion.begin(), kNotInThisVersion.end(), feature) ==
         kNotInThisVersion.end();
}

std::string_view feature_name(Feature feature) {
  switch (feature) {
    case Feature::kCore: break;
    case Feature::kHttpAuth: return "authentication over HTTP";
    case Feature::kJwksUrl: return "fetching a JWK Set";
    case Feature::kHttpContacts: return "contacts over HTTP";
    case Feature::kPostgres: return "PostgreSQL";
    case Feature::kRedis: return "Redis";
    case Feature::kWebhooks: return "webhooks";
  }
  return "presence";
}

Feature feature_of(AuthMode mode) {
  return mode == AuthMode::kHttp ? Feature::kHttpAuth : Feature::kCore;
}

Feature feature_of(ContactsSource source) {
  switch (source) {
    case ContactsSource::kEmbedded: break;
    case ContactsSource::kRedis: return Feature::kRedis;
    case ContactsSource::kPostgres: return Feature::kPostgres;
    case ContactsSource::kHttp: return Feature::kHttpContacts;
  }
  return Feature::kCore;
}

}  // namespace config
