#pragma once

#include "crypto/keys.h"
#include "vm_table/vm_vector.h"

namespace coffer {

/// A VM as its chip knows it beside its memory.
struct SealableVm {
    crypto::Key128 k_vm;
    VmVector vector;  ///< the latest that was accepted
};

}  // namespace coffer
