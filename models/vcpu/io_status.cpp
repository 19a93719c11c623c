#include "vcpu/io_status.h"

namespace coffer {

std::string_view to_string(IoStatus status) {
    switch (status) {
        case IoStatus::ok: return "ok";
        case IoStatus::bad_buffer: return "bad guest buffer";
        case IoStatus::bad_length: return "bad length";
        case IoStatus::bad_offset: return "bad offset";
        case IoStatus::not_mapped: return "not mapped";
        case IoStatus::violated: return "protected memory was tampered with";
        case IoStatus::bad_sector: return "no such sector";
        case IoStatus::not_authentic: return "not authentic";
        case IoStatus::not_open: return "disk is not open";
        case IoStatus::already_open: return "disk is open";
        case IoStatus::exhausted: return "LPIDs exhausted";
    }
    return "unknown";
}

IoStatus io_status_of(MemoryAnswer answer) {
    switch (answer) {
        case MemoryAnswer::ok: return IoStatus::ok;
        case MemoryAnswer::not_mapped: return IoStatus::not_mapped;
        case MemoryAnswer::violated: return IoStatus::violated;
    }
    return IoStatus::violated;
}

}  // namespace coffer
