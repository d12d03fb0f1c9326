// Who connects, by the settings.
#pragma once

#include "auth/authenticator.h"
#include "base/result.h"
#include "config/load.h"

namespace app {

// Reads jwt.key_file. Refusals name the setting.
base::Result<auth::Authenticator> make_authenticator(const config::Loaded& loaded);

}  // namespace app
