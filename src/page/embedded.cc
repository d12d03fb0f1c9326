// The tables over the embedded bytes; their rows are written by web/pack.mjs.
#include "page/assets.h"

extern "C" const char presenced_page_bytes[];

namespace page {
namespace {
constexpr const char* kBytes = presenced_page_bytes;
#include "embedded_table.inc"
}  // namespace

std::span<const Asset> embedded_bundle() { return kBundle; }
std::span<const Asset> embedded_page() { return kPage; }
std::string_view embedded_sample_users() { return kSampleUsers; }

}  // namespace page
