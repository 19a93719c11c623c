// Sha256, generated from models/crypto/sha256_synth.h by scripts/regenerate: do not edit.
module sha256 (
	clk,
	rst_n,
	in_valid,
	in_ready,
	in_block,
	in_first,
	out_valid,
	out_ready,
	out_digest
);
	reg _sv2v_0;
	input wire clk;
	input wire rst_n;
	input wire in_valid;
	output reg in_ready;
	input wire [511:0] in_block;
	input wire in_first;
	output reg out_valid;
	input wire out_ready;
	output reg [255:0] out_digest;
	reg runs_;
	reg valid_;
	reg take_;
	reg [5:0] round_;
	reg [255:0] working_;
	reg [255:0] next_working_;
	reg [255:0] hash_;
	reg [255:0] start_;
	reg [511:0] words_;
	reg [511:0] next_words_;
	localparam [2047:0] sha256_constants = 2048'h428a2f9871374491b5c0fbcfe9b5dba53956c25b59f111f1923f82a4ab1c5ed5d807aa9812835b01243185be550c7dc372be5d7480deb1fe9bdc06a7c19bf174e49b69c1efbe47860fc19dc6240ca1cc2de92c6f4a7484aa5cb0a9dc76f988da983e5152a831c66db00327c8bf597fc7c6e00bf3d5a7914706ca63511429296727b70a852e1b21384d2c6dfc53380d13650a7354766a0abb81c2c92e92722c85a2bfe8a1a81a664bc24b8b70c76c51a3d192e819d6990624f40e3585106aa07019a4c1161e376c082748774c34b0bcb5391c0cb34ed8aa4a5b9cca4f682e6ff3748f82ee78a5636f84c878148cc7020890befffaa4506cebbef9a3f7c67178f2;
	always @(*) begin : handshake
		reg takes;
		if (_sv2v_0)
			;
		takes = !runs_ && (!valid_ || out_ready);
		in_ready = takes;
		out_valid = valid_;
		take_ = takes && in_valid;
	end
	always @(*) begin : make_round
		reg [255:0] working;
		reg [31:0] a;
		reg [31:0] b;
		reg [31:0] c;
		reg [31:0] d;
		reg [31:0] e;
		reg [31:0] f;
		reg [31:0] g;
		reg [31:0] h;
		reg [31:0] word;
		reg [31:0] constant;
		reg [31:0] TMP_0;
		reg [31:0] result;
		reg [31:0] TMP_1;
		reg [31:0] result_1;
		reg [31:0] TMP_2;
		reg [31:0] result_2;
		reg [31:0] sum_e;
		reg [31:0] choice;
		reg [31:0] TMP_6;
		reg [31:0] result_3;
		reg [31:0] TMP_7;
		reg [31:0] result_4;
		reg [31:0] TMP_8;
		reg [31:0] result_5;
		reg [31:0] sum_a;
		reg [31:0] majority;
		reg [31:0] t1;
		reg [255:0] next;
		if (_sv2v_0)
			;
		working = working_;
		a = working[255:224];
		b = working[223:192];
		c = working[191:160];
		d = working[159:128];
		e = working[127:96];
		f = working[95:64];
		g = working[63:32];
		h = working[31:0];
		word = words_[511:480];
		constant = sha256_constants[(63 - round_) * 32+:32];
		result = {e[5:0], e[31:6]};
		TMP_0 = result;
		result_1 = {e[10:0], e[31:11]};
		TMP_1 = result_1;
		result_2 = {e[24:0], e[31:25]};
		TMP_2 = result_2;
		sum_e = (TMP_0 ^ TMP_1) ^ TMP_2;
		choice = g ^ (e & (f ^ g));
		result_3 = {a[1:0], a[31:2]};
		TMP_6 = result_3;
		result_4 = {a[12:0], a[31:13]};
		TMP_7 = result_4;
		result_5 = {a[21:0], a[31:22]};
		TMP_8 = result_5;
		sum_a = (TMP_6 ^ TMP_7) ^ TMP_8;
		majority = (a & b) | (c & (a | b));
		t1 = (((h + constant) + word) + choice) + sum_e;
		next = working >>> 32;
		next[255:224] = (t1 + sum_a) + majority;
		next[127:96] = t1 + d;
		next_working_ = next;
	end
	always @(*) begin : make_word
		reg [511:0] words;
		reg [31:0] w0;
		reg [31:0] w1;
		reg [31:0] w9;
		reg [31:0] w14;
		reg [31:0] TMP_0;
		reg [31:0] result;
		reg [31:0] TMP_1;
		reg [31:0] result_1;
		reg [31:0] sigma_0;
		reg [31:0] TMP_4;
		reg [31:0] result_2;
		reg [31:0] TMP_5;
		reg [31:0] result_3;
		reg [31:0] sigma_1;
		reg [511:0] next;
		if (_sv2v_0)
			;
		words = words_;
		w0 = words[511:480];
		w1 = words[479:448];
		w9 = words[223:192];
		w14 = words[63:32];
		result = {w1[6:0], w1[31:7]};
		TMP_0 = result;
		result_1 = {w1[17:0], w1[31:18]};
		TMP_1 = result_1;
		sigma_0 = (TMP_0 ^ TMP_1) ^ (w1 >>> 3);
		result_2 = {w14[16:0], w14[31:17]};
		TMP_4 = result_2;
		result_3 = {w14[18:0], w14[31:19]};
		TMP_5 = result_3;
		sigma_1 = (TMP_4 ^ TMP_5) ^ (w14 >>> 10);
		next = words <<< 32;
		next[31:0] = ((sigma_1 + w9) + sigma_0) + w0;
		next_words_ = next;
	end
	always @(*) begin : make_digest
		reg [255:0] hash;
		reg [255:0] working;
		reg [255:0] digest;
		reg [31:0] before_v;
		reg [31:0] change;
		if (_sv2v_0)
			;
		hash = hash_;
		working = working_;
		digest = 1'sb0;
		begin : sv2v_autoblock_1
			reg [31:0] i;
			for (i = 0; i < 8; i = i + 1)
				begin
					before_v = hash[32 * i+:32];
					change = working[32 * i+:32];
					digest[32 * i+:32] = before_v + change;
				end
		end
		out_digest = digest;
		if (in_first)
			start_ = 255'h6a09e667bb67ae853c6ef372a54ff53a510e527f9b05688c1f83d9ab5be0cd19;
		else
			start_ = digest;
	end
	reg runs__next;
	reg valid__next;
	reg [5:0] round__next;
	task keep_state_func;
		reg ends;
		begin
			round__next = round_;
			runs__next = runs_;
			valid__next = valid_;
			ends = round_ == 6'd63;
			if (take_)
				runs__next = 1;
			else if (ends)
				runs__next = 1'sb0;
			if (runs_)
				round__next = round_ + 1'd1;
			if (ends)
				valid__next = 1;
			else if (out_ready)
				valid__next = 1'sb0;
		end
	endtask
	always @(out_ready or round_ or runs_ or take_ or valid_ or _sv2v_0) begin : keep_state_comb
		if (_sv2v_0)
			;
		keep_state_func;
	end
	always @(posedge clk) begin : keep_state_ff
		if (~rst_n) begin
			runs_ <= 1'sb0;
			valid_ <= 1'sb0;
			round_ <= 1'sb0;
		end
		else begin
			runs_ <= runs__next;
			valid_ <= valid__next;
			round_ <= round__next;
		end
	end
	reg [511:0] words__next;
	reg [255:0] working__next;
	reg [255:0] hash__next;
	task keep_data_func;
		begin
			hash__next = hash_;
			words__next = words_;
			working__next = working_;
			if (take_) begin
				words__next = in_block;
				working__next = start_;
				hash__next = start_;
			end
			else if (runs_) begin
				words__next = next_words_;
				working__next = next_working_;
			end
		end
	endtask
	always @(next_working_ or next_words_ or runs_ or start_ or in_block or take_ or working_ or words_ or hash_ or _sv2v_0) begin : keep_data_comb
		if (_sv2v_0)
			;
		keep_data_func;
	end
	always @(posedge clk) begin : keep_data_ff
		words_ <= words__next;
		working_ <= working__next;
		hash_ <= hash__next;
	end
	initial _sv2v_0 = 0;
endmodule
