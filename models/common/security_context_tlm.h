#pragma once

#include <array>
#include <cstdint>
#include <systemc>
#include <tlm>

#include "common/units.h"

namespace coffer {

enum class Mode : std::uint8_t {
    host,    ///< hypervisor and host software
    shim,    ///< VM-Shim
    guest,
    device,  ///< DMA
    chip,    ///< the chip's own accesses to VMID 1, and between the parts of the MPE
};

/// What a chip-internal access asks of the metadata cache.
enum class MetadataCommand : std::uint8_t {
    none,       ///< an ordinary read or write: hits answer or update in place, misses go to the bus
    look_up,    ///< read that never goes to the bus: `trusted` tells a hit
    install,    ///< write that allocates a verified block and settles the block it displaces
    drop,       ///< forgets the block without writing it back (command TLM_IGNORE_COMMAND)
    evict,      ///< forgets the block, settled first where dirty (command TLM_IGNORE_COMMAND)
    evict_all,  ///< the same for all blocks of the key slot (command TLM_IGNORE_COMMAND)
    release,    ///< hash tree: empties the page's leaf (command TLM_IGNORE_COMMAND)
    lose,       ///< hash tree: marks the page's leaf lost (command TLM_IGNORE_COMMAND)
    leaf,       ///< hash tree: a read whose first byte is the page's LeafState
};

/// What the H-SVM controller asks of the MPE for a whole page, on its control socket. The address is the frame's.
enum class PageCommand : std::uint8_t {
    none,     ///< an ordinary read or write: of machine memory as it is, or of a guest's lines
    shred,    ///< gives the page a counter block with a fresh LPID (command TLM_IGNORE_COMMAND)
    release,  ///< empties the page's leaf (command TLM_IGNORE_COMMAND)
    lose,     ///< marks the page's leaf lost (command TLM_IGNORE_COMMAND)
    settle,   ///< writes the page's counter block back and its tag up the tree (command TLM_IGNORE_COMMAND)
    move,     ///< moves ciphertext, tags and counter block to the frame whose address is written (8 bytes)
    verify,   ///< reads whether counter block and lines are what the tree vouches for (1 byte, 0 or 1)
    leaf,     ///< reads what the tree says of a page that no frame has (1 byte, LeafState; the address is 0)
};

/// The one TLM extension: who makes an access, and what for. A payload without it is a host access.
/// Only MMU, shim and H-SVM write it on the way from a processor; between the parts of the MPE the second group of fields is used too.
struct SecurityContext : tlm::tlm_extension<SecurityContext> {
    Vmid vmid = host_vmid;
    Mode mode = Mode::host;
    Address gpa = 0;       ///< guest physical address of the first byte
    bool raw = false;      ///< no protection
    bool decrypt = false;  ///< for raw loads: decrypt without integrity check
    PageCommand page = PageCommand::none;  ///< from the H-SVM controller to the MPE

    // Between the parts of the MPE.
    Slot key_slot = 0;                                ///< VM-Table register set whose key is used
    const std::array<std::uint8_t, 12>* ivs = nullptr;  ///< pad generator: one IV per 80 bytes asked for
    Address frame = 0;                                ///< hash tree: machine address of the page whose counter block is meant
    std::uint8_t level = 0;                           ///< metadata cache: tree level of the block, 0 for counter blocks
    std::uint64_t index = 0;                          ///< metadata cache: index within the level
    MetadataCommand metadata = MetadataCommand::none;
    bool dirty = false;                               ///< metadata cache: the installed block is newer than memory
    bool trusted = false;                             ///< answer of the metadata cache: the block was verified before
    sc_core::sc_time ready;                           ///< answer of the pad generator: the simulation time at which the pads are there

    tlm_extension_base* clone() const override { return new SecurityContext(*this); }
    void copy_from(const tlm_extension_base& other) override { *this = static_cast<const SecurityContext&>(other); }
};

}  // namespace coffer
