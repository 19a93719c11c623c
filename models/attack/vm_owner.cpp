#include "attack/vm_owner.h"

#include "crypto/key_wrap.h"
#include "platform/machine_chips.h"
#include "vm_table/vm_gate.h"

namespace coffer {

Bytes VmOwner::vm_key() const { return crypto::wrap_key(machine_chip(ChipNumber(1)).unwrap_key().public_der(), k_vm_, k_vm_.view()); }

SealedVector VmOwner::boot_vector() const {
    VmVector vector;
    vector.identity = derive_identity(k_vm_, machine_fleet().id);
    vector.pages = pages;
    vector.addr_shim = addr_shim;
    // The image tool's own LPIDs: chip 0.
    return seal_vector(vector, derive_seal_key(k_vm_, machine_fleet().id), 1);
}

}  // namespace coffer
