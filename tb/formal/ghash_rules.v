// The handshake of a GHASH of MULTIPLIERS multipliers, whatever they compute: one tag for each line of additional data and 64 bytes.
`include "channel_rules.v"
`include "flow_rules.v"

module ghash_rules (
    input wire clk, input wire rst_n, input wire key_valid, input wire [127:0] key_h, input wire in_valid, input wire [128 * `MULTIPLIERS - 1:0] in_data,
    input wire [127:0] in_mask, input wire out_ready
);
    localparam TRANSFERS = 1 + 4 / `MULTIPLIERS;

    wire key_ready, in_ready, out_valid, started, has_key_;
    wire [127:0] out_tag;
    wire [2:0] transfer_;
    wire [7:0] in_flight, starved;
    `BLOCK block (.*);
    channel_rules #(.WIDTH(128)) out (.clk(clk), .rst_n(rst_n), .valid(out_valid), .ready(out_ready), .payload(out_tag));

    // The transfers of the line on its way, and whether there ever was a key.
    reg [2:0] taken;
    reg has_key;
    wire takes = in_valid && in_ready;
    wire ends = takes && taken == TRANSFERS - 1;
    always @(posedge clk) begin
        if (!rst_n) taken <= 0;
        else if (takes) taken <= ends ? 0 : taken + 1;
        if (!rst_n) has_key <= 0;
        else if (key_valid && key_ready) has_key <= 1;
    end
    flow_rules #(.LONGEST(0)) flow (.clk(clk), .rst_n(rst_n), .takes(ends), .out_valid(out_valid), .out_ready(out_ready), .held({7'd0, out_valid}),
                                   .started(started), .in_flight(in_flight), .starved(starved));

    // A tag is owed from the cycle after its line's last chunk until it is taken, which no ready has a part in.
    reg owes_tag;
    always @(posedge clk) owes_tag <= rst_n && (ends || (owes_tag && !out_ready));

    // How long a line waits though its key and its tag's place are there.
    reg [2:0] blocked;
    always @(posedge clk)
        if (rst_n && has_key && !key_valid && out_ready && !in_ready) blocked <= blocked + 1;
        else blocked <= 0;

    always @(*) if (started) begin
        valid_waits_for_nothing: assert (out_valid == owes_tag);
        lines_are_whole: assert (taken < TRANSFERS && taken == transfer_);
        knows_its_key: assert (has_key == has_key_);
        no_line_without_key: assert (!in_ready || has_key);
        no_key_within_a_line: assert (!key_ready || taken == 0);
        no_key_and_line_at_once: assert (!(key_valid && key_ready && in_ready));
        keys_are_ready_in_time: assert (blocked <= `POWERS);
        tag_follows_tag: cover (rst_n && out_valid && out_ready && ends);
        another_key: cover (rst_n && has_key && key_valid && key_ready);
    end
endmodule
