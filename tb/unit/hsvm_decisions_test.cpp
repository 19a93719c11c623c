#include <gtest/gtest.h>
#include <yaml-cpp/yaml.h>

#include <functional>
#include <map>
#include <set>
#include <string>

#include "unit/hsvm_machine.h"

namespace coffer {
namespace {

/// The decision table as its file says it, read by nothing that the controller is made with.
class DecisionFile {
public:
    using Situation = std::map<std::string, std::string>;

    DecisionFile() : top_(YAML::LoadFile(COFFER_SOURCE_DIR "/models/hsvm/decisions.yaml")) {}

    YAML::Node operations() const { return top_["operations"]; }
    /// Calls f(situation, row that answers it) for every possible situation of the operation.
    void for_each(const YAML::Node& operation, const std::function<void(const Situation&, std::size_t row)>& f) const {
        Situation situation;
        enumerate(operation, 0, situation, f);
    }

private:
    static bool holds(const YAML::Node& conditions, const Situation& situation) {
        for (const auto& condition : conditions) {
            const auto value = situation.find(condition.first.Scalar());
            if (value == situation.end()) return false;
            bool found = condition.second.IsScalar() && condition.second.Scalar() == value->second;
            if (condition.second.IsSequence())
                for (const YAML::Node& accepted : condition.second) found = found || accepted.Scalar() == value->second;
            if (!found) return false;
        }
        return true;
    }

    void enumerate(const YAML::Node& operation, std::size_t input, Situation& situation,
                   const std::function<void(const Situation&, std::size_t)>& f) const {
        if (input < operation["inputs"].size()) {
            const std::string name = operation["inputs"][input].Scalar();
            for (const auto& value : top_["inputs"][name]["values"]) {
                situation[name] = value.first.Scalar();
                enumerate(operation, input + 1, situation, f);
            }
            return;
        }
        for (const YAML::Node& impossible : top_["impossible"])
            if (holds(impossible, situation)) return;
        std::size_t row = 0;
        while (!holds(operation["rows"][row]["when"], situation)) ++row;
        f(situation, row);
    }

    YAML::Node top_;
};

/// A machine in one situation, brought there by operations and accesses alone.
class Stage {
public:
    static constexpr std::uint64_t pages = 1500;
    static constexpr Vmid nobody = 9;
    static constexpr Address shim = 40 * page_bytes;

    Stage(bool encrypt, const std::string& operation, const DecisionFile::Situation& situation)
        : machine_({encrypt}), encrypt_(encrypt), operation_(operation), situation_(situation) {
        large_ = is("size", "large");
        const VmArguments arguments{pages, 2, encrypt ? shim : 0};
        must(hsvm().create(HsvmCaller::host, arguments, named_));
        must(hsvm().create(HsvmCaller::host, arguments, other_));
        // What is exported has no page in memory.
        const bool empty = is("residence", "nothing") || is("residence", "shared");
        if (encrypt && !empty && !is("context", "absent")) map(named_, 41);
        if (encrypt && (!empty || is("vm", "running"))) map(named_, 42);
        if (encrypt) map(other_, 41);
        set_residence();
        set_page();
        set_frame();
        set_cores();
        if (is("lending", "some")) lend(named_, 50, other_, 50);
        if (is("vm", "frozen")) {
            map(named_, 30);
            must(hsvm().page_unmap(HsvmCaller::host, named_, 30));
            Block64 data;
            EXPECT_EQ(machine_.guest_read(named_, 30 * page_bytes, data), HsvmMachine::Access::violated);
        }
    }

    HsvmStatus run() {
        const HsvmCaller caller = is("caller", "host")    ? HsvmCaller::host
                                  : is("caller", "shim")  ? HsvmCaller::shim
                                  : is("caller", "guest") ? HsvmCaller::guest
                                                          : HsvmCaller::device;
        const Vmid vmid = is("vm", "none") ? nobody : named_;
        const Gpn gpn = !is("size", "misaligned") ? gpn_ : is("page", "beyond") ? pages + 1 : special_;
        const bool large = large_ || is("size", "misaligned");
        const std::uint32_t vcpu = is("vcpu", "beyond") ? 2 : 0;
        const unsigned core = is("core", "beyond") ? 4 : 1;
        VcpuContext context;
        Bytes image = image_;
        if (operation_ == "create") return create(caller);
        if (operation_ == "delete_vm") return hsvm().delete_vm(caller, vmid);
        if (operation_ == "page_map") return hsvm().page_map(caller, vmid, gpn, frame_, large);
        if (operation_ == "page_unmap") return hsvm().page_unmap(caller, vmid, gpn, large);
        if (operation_ == "page_move") return hsvm().page_move(caller, vmid, gpn, frame_);
        if (operation_ == "swap_out") return hsvm().swap_out(caller, vmid, gpn, image);
        if (operation_ == "swap_in") return hsvm().swap_in(caller, vmid, gpn, frame_, image);
        if (operation_ == "context_save") return hsvm().context_save(caller, vmid, vcpu, core, context);
        if (operation_ == "context_restore") return hsvm().context_restore(caller, vmid, vcpu, core, context);
        if (operation_ == "release") return hsvm().release(caller, vmid, gpn, large);
        if (operation_ == "share") return hsvm().share(caller, vmid, gpn, sharer(), true);
        if (operation_ == "launch") return hsvm().launch(caller, vmid, gpn_, Bytes(is("image", "good") ? 100 : 0, 7), context);
        if (operation_ == "challenge") return hsvm().challenge(caller, nonce_);
        if (operation_ == "export_vm") return hsvm().export_vm(caller, vmid, certificate(), Nonce{}, image);
        if (operation_ == "import_vm") return hsvm().import_vm(caller, arriving(), arrived_);
        if (operation_ == "attest") return hsvm().attest(caller, vmid, Nonce{}, ReportData{}, image);
        if (operation_ == "unshare") return hsvm().unshare(caller, vmid, gpn);
        throw std::logic_error("no way to run " + operation_);
    }

    /// Pages of both VMs, frames, cores.
    std::string state() {
        std::string text;
        for (const Vmid vmid : {named_, other_, arrived_})
            for (const auto& [first, count] : {std::pair<Gpn, Gpn>{0, 64}, {510, 10}, {1022, 4}, {1498, 4}})
                for (Gpn gpn = first; gpn < first + count; ++gpn) text += std::to_string(machine_.npt_bits(vmid, gpn)) + ' ';
        for (const auto& [first, count] : {std::pair<std::uint64_t, std::uint64_t>{0, 80}, {512, 10}, {1020, 40}})
            for (std::uint64_t frame = first; frame < first + count; ++frame) text += to_hex(hsvm().ownership(frame).encode()) + ' ';
        for (const Vmid vmid : {named_, other_, arrived_}) {
            const bool ended = hsvm().translate(vmid, pages * page_bytes, false).fault == TranslationFault::unknown_vm;
            text += ended ? "ended " : "there ";
            text += to_hex(hsvm().measurement(vmid)) + ' ';
        }
        for (unsigned core = 0; core < 4; ++core) text += std::to_string(hsvm().running(core).value_or(0)) + ' ';
        return text;
    }

private:
    bool is(const char* input, const char* value) const {
        const auto found = situation_.find(input);
        return found != situation_.end() && found->second == value;
    }
    HsvmController& hsvm() { return machine_.hsvm; }
    static void must(HsvmStatus status) {
        if (status != HsvmStatus::ok) throw std::logic_error("the stage could not be set: " + std::string(to_string(status)));
    }

    std::uint64_t map(Vmid vmid, Gpn gpn) {
        must(hsvm().page_map(HsvmCaller::host, vmid, gpn, next_frame_));
        return next_frame_++;
    }
    /// `lender` shares its page with `borrower`, who awaits it.
    void lend(Vmid lender, Gpn from, Vmid borrower, Gpn to) {
        const std::uint64_t frame = map(lender, from);
        must(hsvm().share(HsvmCaller::guest, lender, from, borrower, true));
        must(hsvm().share(HsvmCaller::guest, borrower, to, lender, true));
        must(hsvm().page_map(HsvmCaller::host, borrower, to, frame));
    }

    void set_residence() {
        if (is("residence", "resident")) map(named_, 60);
        if (is("residence", "shared")) must(hsvm().share(HsvmCaller::guest, named_, 60, other_, true));
        if (operation_ != "export_vm") return;
        map(named_, 61);
        must(hsvm().swap_out(HsvmCaller::host, named_, 61, image_));
        if (is("vm", "frozen")) return;
        map(named_, 62);
        must(hsvm().page_unmap(HsvmCaller::host, named_, 62));
    }
    Bytes certificate() const {
        if (is("target", "other_chip")) return bytes_of(test_chip(2).certificate(KeyUsage::unwrap));
        return bytes_of(test_chip(1).certificate(KeyUsage::unwrap));
    }
    template <std::size_t N>
    static Bytes bytes_of(const std::array<std::uint8_t, N>& array) {
        return Bytes(array.begin(), array.end());
    }

    /// A blob of a VM of the fleet's other chip.
    Bytes arriving() {
        Nonce nonce;
        must(hsvm().challenge(HsvmCaller::host, nonce));
        const bool foreign = is("arrival", "foreign");
        HsvmMachineSettings settings{foreign != encrypt_};
        settings.chip = 2;
        HsvmMachine source(settings);
        Vmid vmid = 0;
        Bytes blob;
        must(source.hsvm.create(HsvmCaller::host, {100, 1, settings.encrypt ? shim : 0}, vmid));
        if (is("arrival", "stale")) nonce[8] = 1;
        must(source.hsvm.export_vm(HsvmCaller::host, vmid, bytes_of(test_chip(1).certificate(KeyUsage::unwrap)), nonce, blob));
        if (is("arrival", "unreadable")) blob[VmBlob::fixed_bytes - 1] ^= 1;
        if (is("arrival", "known")) {
            // The same VM, as a snapshot of it would come: installed, and gone since.
            VmGate::Arrival arrival;
            const std::optional<VmBlob> opened = VmBlob::decode(blob);
            EXPECT_TRUE(machine_.gate.open(opened->vm_key, opened->vector, arrival).ok());
            EXPECT_TRUE(machine_.gate.enroll(15, arrival.vm).ok());
        }
        return blob;
    }

    void set_page() {
        gpn_ = large_ || is("size", "misaligned") ? 512 : 5;
        special_ = gpn_ == 512 ? 515 : 5;
        const bool takes = operation_ == "page_unmap" || operation_ == "release";
        if (large_ && takes && !is("page", "beyond")) {
            must(hsvm().page_map(HsvmCaller::host, named_, 512, 512, true));
            // The page that stands in the way has been mapped alone before.
            if (!is("page", "mapped")) must(hsvm().release(HsvmCaller::guest, named_, special_));
        }
        if (is("page", "beyond")) gpn_ = large_ || is("size", "misaligned") ? 1024 : pages;
        if (is("page", "mapped") && !(large_ && takes)) map(named_, special_);
        if (is("page", "shared")) {
            map(named_, special_);
            must(hsvm().share(HsvmCaller::guest, named_, special_, host_vmid, true));
        }
        if (is("page", "lent")) lend(named_, special_, other_, 20);
        if (is("page", "awaiting")) must(hsvm().share(HsvmCaller::guest, named_, special_, other_, true));
        if (is("page", "borrowed")) lend(other_, 21, named_, special_);
        if (is("page", "swapped")) {
            map(named_, special_);
            must(hsvm().swap_out(HsvmCaller::host, named_, special_, image_));
        }
        if (is("page", "lost")) {
            map(named_, special_);
            must(hsvm().page_unmap(HsvmCaller::host, named_, special_));
        }
    }

    void set_frame() {
        // 2 MiB operations meet the frame that stands in the way behind their first one.
        next_frame_ = large_ ? 1031 : next_frame_;
        frame_ = next_frame_;
        if (is("frame", "own")) map(named_, 22);
        if (is("frame", "other")) map(other_, 23);
        if (is("frame", "offered")) {
            map(other_, 24);
            must(hsvm().share(HsvmCaller::guest, other_, 24, named_, true));
        }
        if (large_) frame_ = 1024, next_frame_ = 1600;
        if (is("frame", "chip")) frame_ = hsvm().layout().data_frames;
        if (is("frame", "metadata")) frame_ = align_up(hsvm().layout().end_frame, large_pages);
    }

    void set_cores() {
        VcpuContext context;
        const auto run_on = [&](Vmid vmid, std::uint32_t vcpu, unsigned core) {
            must(hsvm().context_restore(HsvmCaller::host, vmid, vcpu, core, context));
        };
        const bool named_runs = is("vm", "running");
        if (is("vcpu", "running")) {
            // Its context was there when it was restored.
            const bool absent = encrypt_ && is("context", "absent");
            if (absent) map(named_, 41);
            run_on(named_, 0, is("core", "this_vcpu") ? 1 : 2);
            if (absent) must(hsvm().release(HsvmCaller::shim, named_, 41));
        } else if (named_runs) {
            run_on(named_, 1, is("core", "other") ? 1 : 3);
        }
        if (is("vm", "running") && encrypt_ && is("residence", "nothing")) must(hsvm().release(HsvmCaller::shim, named_, 42));
        if (is("birth", "over") && !named_runs && !is("vm", "none")) {
            run_on(named_, 1, 3);
            must(hsvm().context_save(HsvmCaller::host, named_, 1, 3, context));
        }
        if (is("core", "other") && !(named_runs && !is("vcpu", "running"))) run_on(other_, 0, 1);
    }

    HsvmStatus create(HsvmCaller caller) {
        const Address good_shim = encrypt_ ? shim : 0;
        Vmid vmid = 0;
        if (is("arguments", "good")) return hsvm().create(caller, {pages, 2, good_shim}, vmid);
        const VmArguments bad[] = {{0, 2, good_shim},
                                   {NestedPageTable::max_pages + 1, 2, good_shim},
                                   {pages, 0, good_shim},
                                   {pages, 65537, good_shim},
                                   {pages, 2, encrypt_ ? shim + 1 : shim},
                                   {pages, 2, encrypt_ ? 0 : page_bytes},
                                   {pages, 2, (pages - 2) * page_bytes},
                                   {pages, 2, ~Address{4095}}};
        const HsvmStatus first = hsvm().create(caller, bad[0], vmid);
        for (const VmArguments& arguments : bad) EXPECT_EQ(hsvm().create(caller, arguments, vmid), first);
        return first;
    }

    Vmid sharer() const {
        if (is("sharer", "host")) return host_vmid;
        if (is("sharer", "self")) return is("vm", "none") ? nobody : named_;
        return is("sharer", "vm") ? other_ : Vmid{12};
    }

    HsvmMachine machine_;
    const bool encrypt_;
    const std::string operation_;
    const DecisionFile::Situation situation_;
    bool large_ = false;
    Vmid named_ = 0;
    Vmid other_ = 0;
    Gpn gpn_ = 0;
    Gpn special_ = 0;
    std::uint64_t frame_ = 0;
    std::uint64_t next_frame_ = 3;
    Bytes image_;
    Nonce nonce_{};
    Vmid arrived_ = nobody;
};

class Decisions : public testing::TestWithParam<bool> {};
INSTANTIATE_TEST_SUITE_P(Hsvm, Decisions, testing::Values(false));
INSTANTIATE_TEST_SUITE_P(Combined, Decisions, testing::Values(true));

TEST_P(Decisions, EverySituationHasTheAnswerOfItsRowAndARefusalChangesNothing) {
    const bool encrypt = GetParam();
    const DecisionFile file;
    std::uint64_t situations = 0;
    for (const YAML::Node& operation : file.operations()) {
        const std::string name = operation["name"].Scalar();
        std::set<std::size_t> rows;
        file.for_each(operation, [&](const DecisionFile::Situation& situation, std::size_t row) {
            const auto value = [&](const char* input) { return situation.count(input) != 0 ? situation.at(input) : std::string(); };
            // In plain memory contexts lie in the chip region, always.
            if (!encrypt && value("context") == "absent" && value("vcpu") != "beyond" && value("vm") != "none") return;
            const std::string expected = operation["rows"][row]["answer"].Scalar();
            std::string described = name;
            for (const auto& [input, v] : situation) described += " " + input + "=" + v;
            SCOPED_TRACE(described);
            ++situations;
            rows.insert(row);
            try {
                Stage stage(encrypt, name, situation);
                const std::string before = stage.state();
                const HsvmStatus answer = stage.run();
                EXPECT_EQ(to_string(answer), expected);
                if (answer == HsvmStatus::ok)
                    EXPECT_TRUE(stage.state() != before || name == "create" || name == "attest" || name == "challenge") << "nothing was done";
                else
                    EXPECT_EQ(stage.state(), before);
            } catch (const std::logic_error& error) {
                ADD_FAILURE() << error.what();
            }
        });
        for (std::size_t row = 0; row < operation["rows"].size(); ++row)
            EXPECT_TRUE(rows.count(row) != 0 || (!encrypt && operation["rows"][row]["answer"].Scalar() == "no_context")) << name << " row " << row;
    }
    RecordProperty("situations", std::to_string(situations));
    EXPECT_GT(situations, 3000u);
}

TEST(Decisions, CodesAreThoseOfTheFile) {
    const YAML::Node top = YAML::LoadFile(COFFER_SOURCE_DIR "/models/hsvm/decisions.yaml");
    for (const YAML::Node& status : top["statuses"])
        EXPECT_EQ(to_string(static_cast<HsvmStatus>(status["code"].as<unsigned>())), status["name"].Scalar());
    for (const YAML::Node& operation : top["operations"])
        EXPECT_EQ(to_string(static_cast<HsvmOperation>(operation["code"].as<unsigned>())), operation["name"].Scalar());
}

}  // namespace
}  // namespace coffer
