#include "app/memory.h"

#ifdef PRESENCED_MIMALLOC
#include <mimalloc.h>
#endif

namespace app {

void release_free_memory() {
#ifdef PRESENCED_MIMALLOC
  mi_collect(true);
#endif
}

}  // namespace app
