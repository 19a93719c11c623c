#pragma once

#include <cstdint>

#include "common/units.h"

namespace coffer {

/// Why an access has no machine page.
enum class TranslationFault : std::uint8_t {
    none,
    unknown_vm,
    frozen,
    page_beyond,
    not_mapped,
    swapped,
    read_only,
    lost,  ///< a violation was raised
    chip_stopped,
    refused,  ///< of the host and its devices: the machine page is not theirs
};

struct Translation {
    TranslationFault fault = TranslationFault::none;
    Address hpa = 0;
    bool raw = false;        ///< a shared page: plain, without key, tag or leaf
    bool writable = false;
};

/// Who knows where a guest's pages lie, and which machine pages the host and its devices may use.
class TranslationPort {
public:
    virtual ~TranslationPort() = default;
    /// The machine address of a guest's access, as its TLB is filled; may raise violations.
    virtual Translation translate(Vmid vmid, Address gpa, bool write) = 0;
    /// Whether the host and its devices may use a machine page, as their TLBs are filled.
    virtual bool host_may_access(std::uint64_t frame, bool write) = 0;
};

/// Whoever keeps translations or checked machine pages: TLBs, the IOTLB.
class TranslationCache {
public:
    virtual ~TranslationCache() = default;
    /// Forgets guest pages of one VM.
    virtual void invalidate_pages(Vmid vmid, Gpn first, std::uint64_t count) = 0;
    /// Forgets machine pages, whoever uses them.
    virtual void invalidate_frames(std::uint64_t first_frame, std::uint64_t count) = 0;
};

}  // namespace coffer
