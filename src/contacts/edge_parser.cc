#include "contacts/edge_parser.h"

#include <fmt/format.h>

#include "base/check.h"
#include "base/text.h"
#include "contacts/formats.h"

namespace contacts {

base::Result<Format> format_from_name(std::string_view name, std::string_view field) {
  if (name == "json") return Format::json;
  if (name == "ndjson") return Format::ndjson;
  if (name == "csv") return Format::csv;
  return base::fail(base::ErrorCode::kInvalidArgument,
                    fmt::format("{}: must be json, ndjson or csv", field));
}

base::Result<Format> format_from_path(std::string_view path) {
  const std::string_view name = path.substr(path.rfind('/') + 1);
  const std::size_t dot = name.rfind('.');
  const std::string_view extension = dot == std::string_view::npos ? "" : name.substr(dot + 1);
  if (base::iequals(extension, "json")) return Format::json;
  if (base::iequals(extension, "ndjson") || base::iequals(extension, "jsonl"))
    return Format::ndjson;
  if (base::iequals(extension, "csv")) return Format::csv;
  return base::fail(base::ErrorCode::kInvalidArgument,
                    fmt::format("{}: the name must end in .json, .ndjson, .jsonl or .csv", path));
}

std::unique_ptr<EdgeParser> EdgeParser::make(Format format, Direction direction,
                                             std::string source_name) {
  switch (format) {
    case Format::json: return make_json_parser(direction, std::move(source_name));
    case Format::ndjson: return make_ndjson_parser(direction, std::move(source_name));
    case Format::csv: break;
  }
  CHECK(format == Format::csv);
  return make_csv_parser(direction, std::move(source_name));
}

}  // namespace contacts
