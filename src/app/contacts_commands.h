// presenced contacts import|export, on a data_dir or on a running server.
#pragma once

#include "base/result.h"
#include "config/command_line.h"

namespace app {

base::Result<void> import_contacts(const config::ContactsImportCommand& command);
base::Result<void> export_contacts(const config::ContactsExportCommand& command);

}  // namespace app
