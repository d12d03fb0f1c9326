// HttpClient: requests of the command line to a running server. Blocks; one thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace app {

class HttpClient {
 public:
  // `server` is a base URL, `http://` or `https://` (the system's certificates are trusted).
  HttpClient(std::string server, std::string api_key);

  // The body of a 2xx answer; anything else is a refusal that says what the server said.
  base::Result<std::string> get(std::string_view target);
  base::Result<std::string> post(std::string_view target, std::string_view body);

 private:
  base::Result<std::string> request(std::string_view method, std::string_view target,
                                    std::string_view body);

  std::string server_;
  std::string api_key_;
};

// The `added` of an answer to POST /v1/contacts.
uint64_t added_of(std::string_view answer);

}  // namespace app
