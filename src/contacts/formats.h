// The parsers behind EdgeParser::make(), one file each: json_parser.cc, ndjson_parser.cc,
// csv_parser.cc.
#pragma once

#include <memory>
#include <string>

#include "contacts/edge_parser.h"

namespace contacts {

std::unique_ptr<EdgeParser> make_json_parser(Direction direction, std::string source_name);
std::unique_ptr<EdgeParser> make_ndjson_parser(Direction direction, std::string source_name);
std::unique_ptr<EdgeParser> make_csv_parser(Direction direction, std::string source_name);

}  // namespace contacts
