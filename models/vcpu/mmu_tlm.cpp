#include "vcpu/mmu_tlm.h"

#include "common/tlm_target.h"
#include "vcpu/walk_protocol.h"

namespace coffer {

MmuTlm::MmuTlm(const sc_core::sc_module_name& name, Vmid vmid, const GuestMemoryMap& map) : MmuTlm(name, vmid, &map, {}) {}

MmuTlm::MmuTlm(const sc_core::sc_module_name& name, const TlbParameters& tlb) : MmuTlm(name, host_vmid, nullptr, tlb) {}

MmuTlm::MmuTlm(const sc_core::sc_module_name& name, Vmid vmid, const GuestMemoryMap* map, const TlbParameters& tlb)
    : sc_module(name), target_socket("target_socket"), initiator_socket("initiator_socket"), walk_socket("walk_socket"), map_(map) {
    if (map == nullptr) tlb_.emplace(tlb);
    set_guest(vmid);
    target_socket.serve<&MmuTlm::b_transport, &MmuTlm::transport_dbg>(*this);
}

void MmuTlm::set_guest(Vmid vmid, Mode mode) {
    payload_.context.vmid = vmid;
    payload_.context.mode = mode;
}

void MmuTlm::set_raw(bool raw, bool decrypt) {
    raw_ = raw;
    payload_.context.raw = raw;
    payload_.context.decrypt = decrypt;
}

void MmuTlm::b_transport(tlm::tlm_generic_payload& payload, sc_core::sc_time& delay) {
    payload.set_dmi_allowed(false);
    if (!check_payload(payload, end())) return;
    if (stopped()) {
        payload.set_response_status(refuse());
        return;
    }
    const Address gpa = payload.get_address();
    Address hpa = 0;
    if (gpa % page_bytes + reach_of(payload) > page_bytes) {
        payload.set_response_status(split(payload, delay));
    } else if (map_ == nullptr) {
        forward_walked(payload, delay);
    } else if (map_->translate(gpa, hpa)) {
        forward(payload, hpa, raw_, delay);
    } else {
        fault_ = TranslationFault::not_mapped;
        payload.set_response_status(tlm::TLM_ADDRESS_ERROR_RESPONSE);
    }
}

tlm::tlm_response_status MmuTlm::refuse() {
    ++refused_;
    return tlm::TLM_GENERIC_ERROR_RESPONSE;
}

void MmuTlm::forward_walked(tlm::tlm_generic_payload& payload, sc_core::sc_time& delay) {
    Translation translation;
    const tlm::tlm_response_status status = find(payload.get_address(), payload.is_write(), translation, delay);
    if (status == tlm::TLM_OK_RESPONSE)
        forward(payload, translation.hpa + payload.get_address() % page_bytes, raw_ || translation.raw, delay);
    else
        payload.set_response_status(status);
}

void MmuTlm::forward(tlm::tlm_generic_payload& payload, Address hpa, bool raw, sc_core::sc_time& delay) {
    if (!is_plain(payload) || forwarding_) return forward_itself(payload, hpa, raw, delay);
    // A payload of the MMU's own, with its context for good, costs less than a context for a payload that brings one of its own, or none.
    forwarding_ = true;
    payload_.context.gpa = payload.get_address();
    payload_.context.raw = raw;
    tlm::tlm_generic_payload& below = payload_.prepare(payload.get_command(), hpa, payload.get_data_ptr(), payload.get_data_length());
    initiator_socket.b_transport(below, delay);
    payload.set_response_status(below.get_response_status());
    forwarding_ = false;
}

SecurityContext MmuTlm::context_at(Address gpa, bool raw) const {
    SecurityContext context;
    context.vmid = payload_.context.vmid;
    context.mode = payload_.context.mode;
    context.decrypt = payload_.context.decrypt;
    context.gpa = gpa;
    context.raw = raw;
    return context;
}

void MmuTlm::forward_itself(tlm::tlm_generic_payload& payload, Address hpa, bool raw, sc_core::sc_time& delay) {
    const Address gpa = payload.get_address();
    SecurityContext context = context_at(gpa, raw);
    SecurityContext* const brought = payload.set_extension(&context);
    payload.set_address(hpa);
    initiator_socket.b_transport(payload, delay);
    payload.set_address(gpa);
    payload.set_extension(brought);
    payload.set_dmi_allowed(false);
}

tlm::tlm_response_status MmuTlm::find(Address gpa, bool write, Translation& translation, sc_core::sc_time& delay) {
    if (map_ != nullptr) {
        const std::optional<Address> hpa = map_->hpa_of(page_base(gpa));
        if (!hpa) fault_ = TranslationFault::not_mapped;
        translation = {TranslationFault::none, hpa.value_or(0), false, true};
        return hpa ? tlm::TLM_OK_RESPONSE : tlm::TLM_ADDRESS_ERROR_RESPONSE;
    }
    if (const Translation* const known = tlb_->find(payload_.context.vmid, page_of(gpa), write)) {
        translation = *known;
        return tlm::TLM_OK_RESPONSE;
    }
    return walk_tables(gpa, write, translation, delay);
}

tlm::tlm_response_status MmuTlm::walk_tables(Address gpa, bool write, Translation& translation, sc_core::sc_time& delay) {
    const sc_core::sc_time before = delay;
    std::uint64_t changes = 0;
    tlm::tlm_response_status status = tlm::TLM_OK_RESPONSE;
    // An answer that was given before a change of translations, while the walk waited, tells nothing.
    do {
        changes = changes_;
        walk::AnswerBytes answer{};
        ContextPayload request;
        request.context.vmid = payload_.context.vmid;
        request.context.mode = payload_.context.mode;
        tlm::tlm_generic_payload& payload = request.read(walk::request(gpa, write), answer.data(), answer.size());
        walk_socket.b_transport(payload, delay);
        status = payload.get_response_status();
        translation = walk::decode(answer.data());
    } while (changes != changes_);
    walk_time_ += delay - before;
    if (status != tlm::TLM_OK_RESPONSE) return tlm::TLM_GENERIC_ERROR_RESPONSE;
    if (translation.fault == TranslationFault::none && write && !translation.writable) translation.fault = TranslationFault::read_only;
    if (translation.fault != TranslationFault::none) {
        ++walk_faults_;
        fault_ = translation.fault;
        return tlm::TLM_ADDRESS_ERROR_RESPONSE;
    }
    // Stopped while the walk took its time.
    if (stopped()) return refuse();
    tlb_->keep(payload_.context.vmid, page_of(gpa), translation);
    return tlm::TLM_OK_RESPONSE;
}

tlm::tlm_response_status MmuTlm::find_all(Address gpa, unsigned reach, bool write, sc_core::sc_time& delay) {
    Translation translation;
    for (Address page = page_base(gpa); page < gpa + reach; page += page_bytes)
        if (const tlm::tlm_response_status status = find(page, write, translation, delay); status != tlm::TLM_OK_RESPONSE) return status;
    return tlm::TLM_OK_RESPONSE;
}

tlm::tlm_response_status MmuTlm::split(const tlm::tlm_generic_payload& payload, sc_core::sc_time& delay) {
    const bool write = payload.is_write();
    // A write that reaches a page that is not there must not change the pages before it.
    tlm::tlm_response_status status = find_all(payload.get_address(), reach_of(payload), write, delay);
    if (status != tlm::TLM_OK_RESPONSE) return status;
    ContextPayload part;
    for_each_run(payload, [&](Address first, std::uint8_t* bytes, unsigned length) {
        return for_each_piece(first, bytes, length, page_bytes, [&](Address gpa, std::uint8_t* data, unsigned size) {
            Translation translation;
            // The piece before may have been the one that stopped the VM for another core.
            status = stopped() ? refuse() : find(gpa, write, translation, delay);
            if (status != tlm::TLM_OK_RESPONSE) return false;
            part.context = context_at(gpa, raw_ || translation.raw);
            tlm::tlm_generic_payload& below = part.prepare(payload.get_command(), translation.hpa + gpa % page_bytes, data, size);
            initiator_socket.b_transport(below, delay);
            status = below.get_response_status();
            return below.is_response_ok();
        });
    });
    return status;
}

/// What find would say, without time or side effects.
bool MmuTlm::peek(Address gpa, bool write, Translation& translation) {
    if (map_ != nullptr) {
        const std::optional<Address> hpa = map_->hpa_of(page_base(gpa));
        translation = {TranslationFault::none, hpa.value_or(0), false, true};
        return hpa.has_value();
    }
    if (const Translation* const known = tlb_->peek(payload_.context.vmid, page_of(gpa), write)) {
        translation = *known;
        return true;
    }
    walk::AnswerBytes answer{};
    ContextPayload request;
    request.context.vmid = payload_.context.vmid;
    request.context.mode = payload_.context.mode;
    if (walk_socket->transport_dbg(request.read(walk::request(gpa, write), answer.data(), answer.size())) != answer.size()) return false;
    translation = walk::decode(answer.data());
    return translation.fault == TranslationFault::none && (translation.writable || !write);
}

unsigned MmuTlm::transport_dbg(tlm::tlm_generic_payload& payload) {
    unsigned done = 0;
    ContextPayload part;
    const unsigned length = stopped() ? 0 : debug_length(payload, end());
    for_each_piece(payload.get_address(), payload.get_data_ptr(), length, page_bytes, [&](Address gpa, std::uint8_t* data, unsigned size) {
        Translation translation;
        if (!peek(gpa, payload.is_write(), translation)) return false;
        part.context = context_at(gpa, raw_ || translation.raw);
        const unsigned count = initiator_socket->transport_dbg(part.prepare(payload.get_command(), translation.hpa + gpa % page_bytes, data, size));
        done += count;
        return count == size;
    });
    return done;
}

void MmuTlm::invalidate_pages(Vmid vmid, Gpn first, std::uint64_t count) {
    ++changes_;
    if (tlb_) tlb_->invalidate_pages(vmid, first, count);
}

void MmuTlm::invalidate_frames(std::uint64_t first_frame, std::uint64_t count) {
    ++changes_;
    if (tlb_) tlb_->invalidate_frames(first_frame, count);
}

void MmuTlm::collect(StatisticsGroup& group) const {
    group.add("refused_accesses", refused_, "accesses");
    if (!tlb_) return;
    const Tlb::Statistics& s = tlb_->statistics();
    group.add("hits", s.hits, "pages");
    group.add("misses", s.misses, "pages");
    group.add("hit_rate", s.hits + s.misses == 0 ? 0.0 : static_cast<double>(s.hits) / static_cast<double>(s.hits + s.misses), "1");
    group.add("walk_faults", walk_faults_, "accesses");
    group.add("invalidated", s.invalidated, "pages");
    group.add("walk_time", walk_time_ / sc_core::sc_time(1, sc_core::SC_NS), "ns");
}

}  // namespace coffer
