// Test support: the embedded store behind a domain without Redis.
#pragma once

#include "app/domain.h"
#include "app/embedded_backend.h"

namespace app {

inline store::EmbeddedStore& store_of(Domain& domain) {
  return dynamic_cast<EmbeddedBackend&>(domain.backend()).store();
}

}  // namespace app
