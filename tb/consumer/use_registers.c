/* The register header in C: the address of FLAGS in slot 3 of the VM-Table, and a case label. */
#include "vm_table/registers.h"

static int is_frozen(uint64_t flags) {
    switch (flags) {
        case COFFER_VM_TABLE_FLAGS_VALID_MASK | COFFER_VM_TABLE_FLAGS_FROZEN_MASK: return 1;
        default: return 0;
    }
}

int main(void) {
    const uint64_t address = COFFER_VM_TABLE_SLOT_BASE + 3 * COFFER_VM_TABLE_SLOT_STRIDE + COFFER_VM_TABLE_FLAGS_OFFSET;
    return address == 0x1308 && is_frozen(3) && !is_frozen(1) ? 0 : 1;
}
