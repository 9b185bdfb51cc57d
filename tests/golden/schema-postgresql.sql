CREATE TABLE alembic_version (
  version_num character varying(32) NOT NULL
);
CREATE TABLE audit (
  id bigint GENERATED NOT NULL,
  at bigint NOT NULL,
  actor character varying(100) NOT NULL,
  action character varying(50) NOT NULL,
  subject character varying(200) NOT NULL,
  detail text NOT NULL
);
CREATE TABLE budget (
  company character varying(50) NOT NULL,
  dept character varying(100) NOT NULL,
  subject character varying(100) NOT NULL,
  period character varying(10) NOT NULL,
  version integer NOT NULL,
  currency character varying(3) NOT NULL,
  budget bigint NOT NULL,
  committed bigint DEFAULT '0'::bigint NOT NULL,
  actual bigint DEFAULT '0'::bigint NOT NULL,
  tolerance bigint DEFAULT '0'::bigint NOT NULL,
  over bigint DEFAULT '0'::bigint NOT NULL
);
CREATE TABLE budget_movement (
  id bigint GENERATED NOT NULL,
  inbox_id bigint NOT NULL,
  source character varying(200) NOT NULL,
  event_id character varying(200) NOT NULL,
  company character varying(50) NOT NULL,
  dept character varying(100) NOT NULL,
  subject character varying(100) NOT NULL,
  period character varying(10) NOT NULL,
  part character varying(60) NOT NULL,
  effect character varying(10) NOT NULL,
  amount bigint NOT NULL,
  against character varying(200),
  explain text NOT NULL,
  moved_at bigint NOT NULL
);
CREATE TABLE document (
  company character varying(50) NOT NULL,
  key character varying(200) NOT NULL,
  next_sequence integer DEFAULT 1 NOT NULL,
  withdrawn_at bigint,
  lease_owner character varying(100),
  lease_token character varying(40),
  lease_until bigint
);
CREATE TABLE event_copy (
  id bigint GENERATED NOT NULL,
  inbox_id bigint NOT NULL,
  channel character varying(100) NOT NULL,
  kind character varying(10) NOT NULL,
  state character varying(20) NOT NULL,
  attempts integer DEFAULT 0 NOT NULL,
  due_at bigint
);
CREATE TABLE exception (
  id bigint GENERATED NOT NULL,
  inbox_id bigint NOT NULL,
  posting_id character varying(32),
  code character varying(50) NOT NULL,
  company character varying(50) NOT NULL,
  document character varying(200) NOT NULL,
  amount bigint,
  currency character varying(3),
  cause text NOT NULL,
  message text NOT NULL,
  detail text NOT NULL,
  state character varying(20) NOT NULL,
  remedy text,
  proposed_by character varying(100),
  approved_by character varying(100),
  opened_at bigint NOT NULL,
  closed_at bigint
);
CREATE TABLE inbox (
  id bigint GENERATED NOT NULL,
  source character varying(200) NOT NULL,
  event_id character varying(200) NOT NULL,
  type character varying(100) NOT NULL,
  company character varying(50) NOT NULL,
  document character varying(200) NOT NULL,
  sequence integer,
  event_time bigint NOT NULL,
  payload text NOT NULL,
  hash character varying(64) NOT NULL,
  correlation_id character varying(200) NOT NULL,
  state character varying(20) NOT NULL,
  reason character varying(100),
  queue character varying(100),
  attempts integer DEFAULT 0 NOT NULL,
  dispatches integer DEFAULT 0 NOT NULL,
  due_at bigint,
  received_at bigint NOT NULL,
  settled_at bigint,
  voucher character varying(200)
);
CREATE TABLE journal_entry (
  entry_id character varying(32) NOT NULL,
  inbox_id bigint NOT NULL,
  source character varying(200) NOT NULL,
  event_id character varying(200) NOT NULL,
  part character varying(60) NOT NULL,
  company character varying(50) NOT NULL,
  book character varying(50) NOT NULL,
  period character varying(7) NOT NULL,
  word character varying(20) NOT NULL,
  number integer NOT NULL,
  document character varying(200) NOT NULL,
  event_type character varying(100) NOT NULL,
  life_key character varying(200) NOT NULL,
  accounting_date character varying(10) NOT NULL,
  original_date character varying(10) NOT NULL,
  rule character varying(100) NOT NULL,
  rule_version integer NOT NULL,
  pack_hash character varying(64) NOT NULL,
  text text NOT NULL,
  currency character varying(3) NOT NULL,
  reverses character varying(32),
  requires text NOT NULL,
  previous_hash character varying(64) NOT NULL,
  hash character varying(64) NOT NULL,
  booked_at bigint NOT NULL
);
CREATE TABLE journal_line (
  entry_id character varying(32) NOT NULL,
  line_no integer NOT NULL,
  line_id character varying(100) NOT NULL,
  side character varying(6) NOT NULL,
  account character varying(50) NOT NULL,
  amount bigint NOT NULL,
  currency character varying(3) NOT NULL,
  base_amount bigint NOT NULL,
  dims text NOT NULL,
  text text NOT NULL,
  explain text NOT NULL
);
CREATE TABLE period (
  company character varying(50) NOT NULL,
  book character varying(50) NOT NULL,
  name character varying(7) NOT NULL,
  state character varying(10) NOT NULL,
  changed_at bigint NOT NULL
);
CREATE TABLE posting (
  posting_id character varying(32) NOT NULL,
  entry_id character varying(32) NOT NULL,
  target character varying(50) NOT NULL,
  company character varying(50) NOT NULL,
  state character varying(20) NOT NULL,
  attempts integer DEFAULT 0 NOT NULL,
  due_at bigint,
  lease_owner character varying(100),
  lease_token character varying(40),
  lease_until bigint,
  reference character varying(200),
  code character varying(50),
  message text,
  settled_at bigint
);
CREATE TABLE quarantine (
  id bigint GENERATED NOT NULL,
  channel character varying(100) NOT NULL,
  message_id character varying(200) NOT NULL,
  sender character varying(200),
  body_hash character varying(64) NOT NULL,
  length bigint NOT NULL,
  body text NOT NULL,
  headers text NOT NULL,
  code character varying(50) NOT NULL,
  message text NOT NULL,
  pointer text,
  received_at bigint NOT NULL
);
CREATE TABLE replay_job (
  id bigint GENERATED NOT NULL,
  actor character varying(100) NOT NULL,
  approver character varying(100),
  reason text NOT NULL,
  selection text NOT NULL,
  state character varying(20) NOT NULL,
  total integer NOT NULL,
  finished integer DEFAULT 0 NOT NULL,
  created_at bigint NOT NULL
);
CREATE TABLE rule_pack (
  hash character varying(64) NOT NULL,
  name character varying(100) NOT NULL,
  content text NOT NULL,
  author character varying(100),
  approver character varying(100),
  evidence text,
  effective_at bigint,
  recorded_at bigint NOT NULL
);
CREATE TABLE voucher_counter (
  company character varying(50) NOT NULL,
  book character varying(50) NOT NULL,
  period character varying(7) NOT NULL,
  word character varying(20) NOT NULL,
  next_number integer NOT NULL,
  head character varying(64) NOT NULL
);
ALTER TABLE alembic_version ADD CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num);
ALTER TABLE audit ADD CONSTRAINT pk_audit PRIMARY KEY (id);
ALTER TABLE budget ADD CONSTRAINT ck_budget_not_oversold CHECK (((committed + actual) <= ((budget + tolerance) + over)));
ALTER TABLE budget ADD CONSTRAINT pk_budget PRIMARY KEY (company, dept, subject, period);
ALTER TABLE budget_movement ADD CONSTRAINT ck_budget_movement_effect CHECK (((effect)::text = ANY ((ARRAY['commit'::character varying, 'consume'::character varying, 'release'::character varying])::text[])));
ALTER TABLE budget_movement ADD CONSTRAINT fk_budget_movement_inbox_id FOREIGN KEY (inbox_id) REFERENCES inbox(id);
ALTER TABLE budget_movement ADD CONSTRAINT pk_budget_movement PRIMARY KEY (id);
ALTER TABLE budget_movement ADD CONSTRAINT uq_budget_movement_source_event_id_company_dept_subject_efab UNIQUE (source, event_id, company, dept, subject, period, part);
ALTER TABLE document ADD CONSTRAINT pk_document PRIMARY KEY (company, key);
ALTER TABLE event_copy ADD CONSTRAINT ck_event_copy_kind CHECK (((kind)::text = ANY ((ARRAY['publish'::character varying, 'tap'::character varying])::text[])));
ALTER TABLE event_copy ADD CONSTRAINT ck_event_copy_state CHECK (((state)::text = ANY ((ARRAY['pending'::character varying, 'published'::character varying])::text[])));
ALTER TABLE event_copy ADD CONSTRAINT fk_event_copy_inbox_id FOREIGN KEY (inbox_id) REFERENCES inbox(id);
ALTER TABLE event_copy ADD CONSTRAINT pk_event_copy PRIMARY KEY (id);
ALTER TABLE event_copy ADD CONSTRAINT uq_event_copy_inbox_id_channel UNIQUE (inbox_id, channel);
ALTER TABLE exception ADD CONSTRAINT ck_exception_state CHECK (((state)::text = ANY ((ARRAY['open'::character varying, 'proposed'::character varying, 'approved'::character varying, 'released'::character varying, 'discarded'::character varying])::text[])));
ALTER TABLE exception ADD CONSTRAINT fk_exception_inbox_id FOREIGN KEY (inbox_id) REFERENCES inbox(id);
ALTER TABLE exception ADD CONSTRAINT fk_exception_posting_id FOREIGN KEY (posting_id) REFERENCES posting(posting_id);
ALTER TABLE exception ADD CONSTRAINT pk_exception PRIMARY KEY (id);
ALTER TABLE inbox ADD CONSTRAINT ck_inbox_state CHECK (((state)::text = ANY ((ARRAY['accepted'::character varying, 'booked'::character varying, 'no_op'::character varying, 'parked'::character varying, 'held'::character varying, 'no_route'::character varying, 'discarded'::character varying])::text[])));
ALTER TABLE inbox ADD CONSTRAINT pk_inbox PRIMARY KEY (id);
ALTER TABLE inbox ADD CONSTRAINT uq_inbox_source_event_id UNIQUE (source, event_id);
ALTER TABLE journal_entry ADD CONSTRAINT fk_journal_entry_inbox_id FOREIGN KEY (inbox_id) REFERENCES inbox(id);
ALTER TABLE journal_entry ADD CONSTRAINT fk_journal_entry_reverses FOREIGN KEY (reverses) REFERENCES journal_entry(entry_id);
ALTER TABLE journal_entry ADD CONSTRAINT pk_journal_entry PRIMARY KEY (entry_id);
ALTER TABLE journal_entry ADD CONSTRAINT uq_journal_entry_company_book_period_word_number UNIQUE (company, book, period, word, number);
ALTER TABLE journal_entry ADD CONSTRAINT uq_journal_entry_source_event_id_book_part UNIQUE (source, event_id, book, part);
ALTER TABLE journal_line ADD CONSTRAINT ck_journal_line_side CHECK (((side)::text = ANY ((ARRAY['debit'::character varying, 'credit'::character varying])::text[])));
ALTER TABLE journal_line ADD CONSTRAINT fk_journal_line_entry_id FOREIGN KEY (entry_id) REFERENCES journal_entry(entry_id);
ALTER TABLE journal_line ADD CONSTRAINT pk_journal_line PRIMARY KEY (entry_id, line_no);
ALTER TABLE period ADD CONSTRAINT ck_period_state CHECK (((state)::text = ANY ((ARRAY['open'::character varying, 'closed'::character varying])::text[])));
ALTER TABLE period ADD CONSTRAINT pk_period PRIMARY KEY (company, book, name);
ALTER TABLE posting ADD CONSTRAINT ck_posting_state CHECK (((state)::text = ANY ((ARRAY['pending'::character varying, 'leased'::character varying, 'sent'::character varying, 'confirmed'::character varying, 'rejected'::character varying, 'in_doubt'::character varying])::text[])));
ALTER TABLE posting ADD CONSTRAINT fk_posting_entry_id FOREIGN KEY (entry_id) REFERENCES journal_entry(entry_id);
ALTER TABLE posting ADD CONSTRAINT pk_posting PRIMARY KEY (posting_id);
ALTER TABLE posting ADD CONSTRAINT uq_posting_entry_id_target UNIQUE (entry_id, target);
ALTER TABLE quarantine ADD CONSTRAINT pk_quarantine PRIMARY KEY (id);
ALTER TABLE quarantine ADD CONSTRAINT uq_quarantine_channel_body_hash_message_id UNIQUE (channel, body_hash, message_id);
ALTER TABLE replay_job ADD CONSTRAINT ck_replay_job_state CHECK (((state)::text = ANY ((ARRAY['open'::character varying, 'running'::character varying, 'finished'::character varying, 'cancelled'::character varying])::text[])));
ALTER TABLE replay_job ADD CONSTRAINT ck_replay_job_two_people CHECK (((approver IS NULL) OR ((approver)::text <> (actor)::text)));
ALTER TABLE replay_job ADD CONSTRAINT pk_replay_job PRIMARY KEY (id);
ALTER TABLE rule_pack ADD CONSTRAINT ck_rule_pack_two_people CHECK (((author IS NULL) OR (approver IS NULL) OR ((author)::text <> (approver)::text)));
ALTER TABLE rule_pack ADD CONSTRAINT pk_rule_pack PRIMARY KEY (hash);
ALTER TABLE voucher_counter ADD CONSTRAINT pk_voucher_counter PRIMARY KEY (company, book, period, word);
CREATE INDEX ix_document_lease_token ON public.document USING btree (lease_token);
CREATE INDEX ix_event_copy_due ON public.event_copy USING btree (due_at) WHERE ((state)::text = 'pending'::text);
CREATE INDEX ix_exception_inbox_id ON public.exception USING btree (inbox_id);
CREATE INDEX ix_exception_open ON public.exception USING btree (code) WHERE ((state)::text = ANY ((ARRAY['open'::character varying, 'proposed'::character varying, 'approved'::character varying])::text[]));
CREATE INDEX ix_inbox_document ON public.inbox USING btree (company, document, sequence);
CREATE INDEX ix_inbox_due ON public.inbox USING btree (due_at) WHERE ((state)::text = 'accepted'::text);
CREATE INDEX ix_inbox_unsettled ON public.inbox USING btree (state) WHERE ((state)::text = ANY ((ARRAY['accepted'::character varying, 'parked'::character varying, 'held'::character varying, 'no_route'::character varying])::text[]));
CREATE INDEX ix_journal_entry_document ON public.journal_entry USING btree (document, company);
CREATE INDEX ix_journal_entry_inbox_id ON public.journal_entry USING btree (inbox_id);
CREATE INDEX ix_posting_due ON public.posting USING btree (due_at) WHERE ((state)::text = ANY ((ARRAY['pending'::character varying, 'leased'::character varying, 'sent'::character varying])::text[]));
CREATE INDEX ix_posting_held ON public.posting USING btree (lease_until) WHERE (lease_until IS NOT NULL);
CREATE UNIQUE INDEX uq_exception_live ON public.exception USING btree (inbox_id, code, COALESCE(posting_id, ''::character varying)) WHERE ((state)::text = ANY ((ARRAY['open'::character varying, 'proposed'::character varying, 'approved'::character varying])::text[]));
CREATE UNIQUE INDEX uq_journal_entry_reverses ON public.journal_entry USING btree (reverses) WHERE (reverses IS NOT NULL);
BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END;
BEGIN RAISE EXCEPTION '%: a row does not become % so', TG_TABLE_NAME, NEW.state USING ERRCODE = 'integrity_constraint_violation'; END;
CREATE TRIGGER audit_no_change BEFORE DELETE OR UPDATE ON public.audit FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_no_truncate BEFORE TRUNCATE ON public.audit FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER exception_begin BEFORE INSERT ON public.exception FOR EACH ROW WHEN (((new.state)::text <> 'open'::text)) EXECUTE FUNCTION refuse_move();
CREATE TRIGGER exception_move BEFORE UPDATE OF state ON public.exception FOR EACH ROW WHEN ((((new.state)::text <> (old.state)::text) AND (NOT ((((old.state)::text = 'open'::text) AND ((new.state)::text = ANY ((ARRAY['proposed'::character varying, 'released'::character varying, 'discarded'::character varying])::text[]))) OR (((old.state)::text = 'proposed'::text) AND ((new.state)::text = ANY ((ARRAY['approved'::character varying, 'released'::character varying, 'discarded'::character varying])::text[]))) OR (((old.state)::text = 'approved'::text) AND ((new.state)::text = ANY ((ARRAY['released'::character varying, 'discarded'::character varying])::text[]))))))) EXECUTE FUNCTION refuse_move();
CREATE TRIGGER inbox_begin BEFORE INSERT ON public.inbox FOR EACH ROW WHEN (((new.state)::text <> 'accepted'::text)) EXECUTE FUNCTION refuse_move();
CREATE TRIGGER inbox_move BEFORE UPDATE OF state ON public.inbox FOR EACH ROW WHEN ((((new.state)::text <> (old.state)::text) AND (NOT ((((old.state)::text = 'accepted'::text) AND ((new.state)::text = ANY ((ARRAY['booked'::character varying, 'no_op'::character varying, 'parked'::character varying, 'held'::character varying, 'no_route'::character varying, 'discarded'::character varying])::text[]))) OR (((old.state)::text = 'parked'::text) AND ((new.state)::text = ANY ((ARRAY['accepted'::character varying, 'booked'::character varying, 'no_op'::character varying, 'held'::character varying, 'discarded'::character varying])::text[]))) OR (((old.state)::text = 'held'::text) AND ((new.state)::text = ANY ((ARRAY['accepted'::character varying, 'booked'::character varying, 'no_op'::character varying, 'discarded'::character varying])::text[]))) OR (((old.state)::text = 'no_route'::text) AND ((new.state)::text = ANY ((ARRAY['accepted'::character varying, 'discarded'::character varying])::text[]))))))) EXECUTE FUNCTION refuse_move();
CREATE TRIGGER journal_entry_no_change BEFORE DELETE OR UPDATE ON public.journal_entry FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER journal_entry_no_truncate BEFORE TRUNCATE ON public.journal_entry FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER journal_line_no_change BEFORE DELETE OR UPDATE ON public.journal_line FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER journal_line_no_truncate BEFORE TRUNCATE ON public.journal_line FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER posting_begin BEFORE INSERT ON public.posting FOR EACH ROW WHEN (((new.state)::text <> 'pending'::text)) EXECUTE FUNCTION refuse_move();
CREATE TRIGGER posting_move BEFORE UPDATE OF state ON public.posting FOR EACH ROW WHEN ((((new.state)::text <> (old.state)::text) AND (NOT ((((old.state)::text = 'pending'::text) AND ((new.state)::text = 'leased'::text)) OR (((old.state)::text = 'leased'::text) AND ((new.state)::text = 'sent'::text)) OR (((old.state)::text = 'sent'::text) AND ((new.state)::text = ANY ((ARRAY['leased'::character varying, 'pending'::character varying, 'confirmed'::character varying, 'rejected'::character varying, 'in_doubt'::character varying])::text[]))) OR (((old.state)::text = 'rejected'::text) AND ((new.state)::text = 'pending'::text)) OR (((old.state)::text = 'in_doubt'::text) AND ((new.state)::text = ANY ((ARRAY['pending'::character varying, 'confirmed'::character varying, 'rejected'::character varying])::text[]))))))) EXECUTE FUNCTION refuse_move();
