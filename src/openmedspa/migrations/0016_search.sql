-- Finding a person by name, e-mail or phone (docs/decisions/0015-finding-people.md). No trigrams: every question is a
-- few ranges of one index, and a range is what stays fast among a million.
--
-- patient_terms holds for each person
--   'ana lopez' and 'lopez ana'   each pair of their words in both orders ('cher ', when there is only one): one range
--                                 answers "ana", "ana lop", "lopez, ana"
--   '@ana.lopez@example.com'      the e-mail, and again from its second and third word on: '@lopez@example.com'
--   '#2025550123', '~3210555202'  a phone forwards, for who is typing it, and backwards: its last seven digits begin it
-- name_spellings holds each word of a practice's names as it is and with any one letter left out. Two words of which one
-- has a letter wrong, missing, too many or swapped have a spelling in common.

create function plain_text(given text) returns text language plpgsql immutable strict parallel safe as $$
declare
  plain text := translate(given, '''`´’‘ʼ′', '');
begin
  if octet_length(plain) = length(plain) then
    return lower(plain);
  end if;
  plain := regexp_replace(lower(normalize(plain, nfkd)), '[\u0300-\u036f\u00ad\u200b-\u200f\u2060\ufeff]', '', 'g');
  plain := replace(replace(replace(replace(plain, 'ß', 'ss'), 'æ', 'ae'), 'œ', 'oe'), 'þ', 'th');
  return translate(plain, 'øłđðħıŧ', 'olddhit');
end $$;

-- Letters and digits, without accents and apostrophes; each word once, in the order they came in.
create function words_of(given text) returns text[] language plpgsql immutable strict parallel safe as $$
declare
  word text;
  words text[] := '{}';
begin
  foreach word in array string_to_array(
    regexp_replace(plain_text(given), '[\x01-\x2f\x3a-\x60\x7b-\xbf\u2000-\u2bff\u3000-\u3004\u3008-\u3020]+', ' ', 'g'), ' ')
  loop
    if word <> '' and left(word, 40) <> all (words) then
      words := words || left(word, 40);
    end if;
  end loop;
  return words;
end $$;

create function spellings_of(word text) returns text[] language plpgsql immutable strict parallel safe as $$
declare
  spellings text[] := array[word];
begin
  if length(word) between 3 and 20 and word !~ '[0-9]' then
    for place in 1 .. length(word) loop
      spellings := spellings || overlay(word placing '' from place for 1);
    end loop;
  end if;
  return spellings;
end $$;

-- Its digits up to an extension, without the zeros they begin with.
create function phone_digits(given text) returns text language sql immutable strict parallel safe
return ltrim(regexp_replace(substring(given from '^[^0-9]*[^xX#;]*'), '[^0-9]', '', 'g'), '0');

-- `leads` marks one term for each word that people are found by, so that a word alone finds each of them once.
create function terms_of(person patients, out words text[], out named int, out terms text[], out leads boolean[])
language plpgsql immutable as $$
declare
  field text;
  parts text[];
  email text := '@' || left(lower(btrim(person.email)), 254);
begin
  words := words_of(concat_ws(' ', person.first_name, person.middle_initial, person.last_name, person.full_name));
  named := cardinality(words);
  parts := words_of(person.nick_name);
  foreach field in array array[person.first_name, person.last_name] loop  -- 'Mary Ann' is 'maryann' too
    if field ~ '\S[\s-]+\S' then
      parts := parts || left(array_to_string(words_of(field), ''), 40);
    end if;
  end loop;
  foreach field in array coalesce(parts, '{}') loop
    if field <> all (words) then
      words := words || field;
    end if;
  end loop;
  words := words[:8];
  terms := '{}';
  leads := '{}';
  for a in 1 .. cardinality(words) loop
    for b in 1 .. cardinality(words) loop
      if a <> b then
        terms := terms || (words[a] || ' ' || words[b]);
        leads := leads || (b = 1 or (a = 1 and b = 2));
      end if;
    end loop;
  end loop;
  if cardinality(words) = 1 then
    terms := array[words[1] || ' '];
    leads := '{true}';
  end if;
  for part in 1 .. 3 loop
    exit when email is null or email in ('@', '@@') or email = any (terms);
    terms := terms || email;
    email := regexp_replace(email, '^@[^@._+-]*[._+-]+([^@._+-])', '@\1');
  end loop;
  foreach field in array array[person.phone, person.cell_phone, person.sms_phone] loop
    field := left(phone_digits(field), 40);
    if length(field) > 3 and ('~' || reverse(field)) <> all (terms) then
      terms := terms || ('~' || reverse(field));
      field := '#' || case when length(field) = 11 then ltrim(field, '1') else field end;
      if field <> all (terms) then
        terms := terms || field;
      end if;
    end if;
  end loop;
end $$;

create table patient_terms (
  practice_id int not null,
  term        text collate "C" not null,
  patient_id  bigint not null,
  is_prospect boolean not null,
  leads       boolean not null,
  named       smallint not null  -- how many words their name has
);
select scope_by_practice('patient_terms');
create table name_spellings (
  practice_id int not null,
  spelling    text collate "C" not null,
  word        text collate "C" not null  -- may stand here twice: see keep_terms
);
select scope_by_practice('name_spellings');

-- Both tables made anew from the people there are: the indexes after the rows, a fifth of the time.
create function rebuild_search() returns void language plpgsql set search_path = public, pg_temp as $$
begin
  truncate patient_terms, name_spellings;
  alter table patient_terms drop constraint if exists patient_terms_pkey;
  drop index if exists name_spellings_by_spelling;
  insert into patient_terms (practice_id, term, patient_id, is_prospect, leads, named)
  select p.practice_id, t.term, p.id, p.prospect_since is not null, coalesce(t.leads, true), made.named
  from patients p cross join lateral terms_of(p) made
       cross join lateral unnest(made.terms, made.leads) as t (term, leads);
  alter table patient_terms add primary key (practice_id, term, patient_id) include (is_prospect, leads, named);
  insert into name_spellings (practice_id, spelling, word)
  select w.practice_id, s.spelling, w.word
  from (
    select distinct t.practice_id, split_part(t.term, ' ', 1) as word from patient_terms t
    where t.leads and position(' ' in t.term) > 0 and left(t.term, 1) not in ('@', '#', '~')
  ) w cross join lateral unnest(spellings_of(w.word)) as s (spelling);
  create index name_spellings_by_spelling on name_spellings (practice_id, spelling, word);
end $$;
select rebuild_search();

-- The terms follow the person. No foreign key does it: its check costs as much as the term. New words take no unique
-- key either: two who bring the same one at once must not wait for each other, and it may well stand there twice.
-- Planned once: planning for the values each time would take three times as long as the work.
create function keep_terms() returns trigger language plpgsql security definer
set search_path = public, pg_temp set plan_cache_mode = force_generic_plan as $$
declare
  made record;
  each text;
begin
  if tg_op <> 'INSERT' then
    delete from patient_terms t
    where t.practice_id = old.practice_id and t.term = any ((terms_of(old)).terms) and t.patient_id = old.id;
  end if;
  if tg_op = 'DELETE' then
    return null;
  end if;
  made := terms_of(new);
  insert into patient_terms (practice_id, term, patient_id, is_prospect, leads, named)
  select new.practice_id, t.term, new.id, new.prospect_since is not null, coalesce(t.leads, true), made.named
  from unnest(made.terms, made.leads) as t (term, leads);
  foreach each in array made.words loop
    perform from name_spellings n where n.practice_id = new.practice_id and n.spelling = each and n.word = each limit 1;
    if not found then
      insert into name_spellings (practice_id, spelling, word)
      select new.practice_id, s.spelling, each from unnest(spellings_of(each)) as s (spelling);
    end if;
  end loop;
  return null;
end $$;

create trigger patients_found after insert or delete on patients for each row execute function keep_terms();
create trigger patients_found_again
  after update of first_name, middle_initial, last_name, full_name, nick_name, email, phone, cell_phone, sms_phone,
                  prospect_since on patients
  for each row when (
    (old.first_name, old.middle_initial, old.last_name, old.full_name, old.nick_name, old.email, old.phone,
     old.cell_phone, old.sms_phone, old.prospect_since is null) is distinct from
    (new.first_name, new.middle_initial, new.last_name, new.full_name, new.nick_name, new.email, new.phone,
     new.cell_phone, new.sms_phone, new.prospect_since is null))
  execute function keep_terms();

-- A question is a list of ranges, best first.
create type term_range as (
  rank  int,
  need  int,      -- a person must be in a range of each number; 0 is enough alone
  low   text,
  high  text,     -- exclusive
  leads boolean,  -- only terms that lead
  named int       -- only people whose name has so many words; negative: only the others
);

create function a_range(rank int, need int, low text, high text, leads boolean default false, named int default null)
returns term_range language sql immutable parallel safe
return row(rank, need, low, high, leads, named)::term_range;

-- What comes after all that begins with these letters; and after these letters alone.
create function after_prefix(text) returns text language sql immutable parallel safe return $1 || chr(1114111);
create function after_whole(text) returns text language sql immutable parallel safe return $1 || chr(1);

-- The words of a practice's names with one letter wrong, missing, too many or moved. Of a word of three letters all
-- must be there, in whatever order.
create function near_words(practice int, given text, at_most int) returns text[] language sql stable as $$
  select coalesce(array_agg(n.word), '{}') from (
    select s.word
    from unnest(spellings_of(given)) as mine (spelling)
    join name_spellings s on s.practice_id = practice and s.spelling = mine.spelling
    where s.word <> given and length(given) > 2 and length(s.word) > 2
      and (length(given) > 3 or length(s.word) <> 3
           or (select array_agg(letter order by letter) from string_to_table(s.word, null) letter)
            = (select array_agg(letter order by letter) from string_to_table(given, null) letter))
    group by s.word
    order by left(s.word, 1) <> left(given, 1), abs(length(s.word) - length(given)), s.word
    limit at_most
  ) n
$$;

-- One word: itself, what begins with it, what is near it.
create function ranges_of_word(practice int, word text) returns setof term_range language sql stable rows 10 as $$
  select a_range(0, 1, word || ' ', after_whole(word || ' '))
  union all select a_range(1, 1, after_whole(word || ' '), word || '!', true)
  union all select a_range(2, 1, word || '!', after_prefix(word), true)
  union all select a_range(5, 1, near || ' ', near || '!', true) from unnest(near_words(practice, word, 30)) n (near)
$$;

-- Two words: both, in any order and one of them perhaps unfinished; then with mistakes; then both unfinished, of which
-- the first is completed from the practice's words.
create function ranges_of_pair(practice int, need int, a text, b text, named int, at_most int)
returns setof term_range language sql stable rows 100 as $$
  with near as materialized (select near_words(practice, a, at_most) as to_a, near_words(practice, b, at_most) as to_b)
  select a_range(0, need, a || ' ' || b, after_whole(a || ' ' || b), false, named)
  union all select a_range(1, need, a || ' ' || b, after_whole(a || ' ' || b), false, -named)
  union all select a_range(2, need, after_whole(a || ' ' || b), after_prefix(a || ' ' || b))
  union all select a_range(2, need, after_whole(b || ' ' || a), after_prefix(b || ' ' || a))
  union all select a_range(5, need, x || ' ' || b, after_prefix(x || ' ' || b)) from near n, unnest(n.to_a) x
  union all select a_range(5, need, y || ' ' || a, after_prefix(y || ' ' || a)) from near n, unnest(n.to_b) y
  union all select a_range(6, need, x || ' ' || y, after_whole(x || ' ' || y))
            from near n, unnest(n.to_a) x, unnest(n.to_b) y
  union all select a_range(7, need, w.word || ' ' || b, after_prefix(w.word || ' ' || b))
            from (select distinct s.word from name_spellings s
                  where length(a) > 1 and s.practice_id = practice and s.spelling = s.word
                    and s.spelling >= after_whole(a) and s.spelling < after_prefix(a)
                  limit 100) w
$$;

create function ranges_of_name(practice int, words text[]) returns term_range[] language plpgsql stable as $$
declare
  many constant int := cardinality(words);
  anchor constant text := (select w.word from unnest(words) w (word) order by length(w.word) desc, w.word limit 1);
  joined constant text := array_to_string(words, '');
  ranges term_range[] := '{}';
  word text;
  need int := 0;
begin
  if many = 1 then
    return array(select r from ranges_of_word(practice, anchor) r);
  end if;
  foreach word in array words loop
    if word <> anchor then
      need := need + 1;
      ranges := ranges || array(
        select r from ranges_of_pair(practice, need, anchor, word, many, case when many = 2 then 20 else 8 end) r);
    end if;
  end loop;
  if many <= 3 then  -- "o donnell", "van der meer" written as one
    ranges := ranges || a_range(3, 0, joined || ' ', joined || '!', true)
                     || a_range(4, 0, joined || '!', after_prefix(joined), true);
  end if;
  if many = 3 then  -- "john o donnell"
    ranges := ranges || array(
      select a_range(4, 0, pair || ' ' || other, after_prefix(pair || ' ' || other))
      from (values (words[1] || words[2], words[3]), (words[2] || words[3], words[1])) as w (pair, other));
  end if;
  return ranges;
end $$;

-- Who is in the ranges: how many, no further than `most`, and whom of them a page shows. Ranges are read one after the
-- other and no further than needed: the join is a loop, whose order is that of the ranges and, inside one, of the terms.
create function patients_in(
  practice int, ranges term_range[], needs int, prospects boolean, tag bigint, since timestamptz,
  how_many int, skip int, most int, out ids bigint[], out counted int)
language plpgsql stable as $$
declare
  enough int := case when needs > 1 then most * 4 else most + 2000 end;
  people bigint[];
  ranks int[];
  parts int[];
  looked_at int;
begin
  skip := least(skip, most);  -- nothing is shown beyond, however large a page's number is
  how_many := greatest(least(how_many, most - skip), 0);
  loop
    select array_agg(hit.patient_id), array_agg(hit.rank), array_agg(hit.need) into people, ranks, parts
    from (
      select t.patient_id, r.rank, r.need
      from unnest(ranges) r cross join lateral (
        select p.patient_id from patient_terms p
        where p.practice_id = practice and p.term >= r.low and p.term < r.high
          and (p.leads or not r.leads)
          and (r.named is null or p.named = r.named or (r.named < 0 and p.named <> -r.named))
          and (prospects is null or p.is_prospect = prospects)
          and (tag is null or exists (
            select from patient_tags g
            where g.practice_id = practice and g.patient_id = p.patient_id and g.tag_id = tag))
          and (since is null or (
            select c.updated_at from patients c where c.practice_id = practice and c.id = p.patient_id) >= since)
        order by p.term, p.patient_id
      ) t
      limit enough
    ) hit;
    if needs = 1 then
      counted := (select count(distinct n) from unnest(people) n);
    else
      select array_agg(f.id order by f.rank, f.place), count(*) into people, counted
      from (
        select id, max(rank) as rank, min(place) as place
        from (select n.id, n.part, min(n.rank) as rank, min(n.place) as place
              from unnest(people, ranks, parts) with ordinality n (id, rank, part, place) group by n.id, n.part) part
        group by id having count(*) >= needs or bool_or(part = 0)
      ) f;
    end if;
    exit when coalesce(cardinality(ranks), 0) < enough or counted >= most or enough > 1000000;
    enough := enough * 6;
  end loop;
  counted := least(counted, most);
  looked_at := 100 + 4 * (skip + how_many);  -- somebody may stand there more than once, but seldom oftener than that
  loop
    ids := array(
      select n.id from unnest(people[:looked_at]) with ordinality n (id, place)
      group by n.id order by min(n.place) limit how_many offset skip);
    exit when cardinality(ids) = how_many or looked_at >= coalesce(cardinality(people), 0);
    looked_at := enough;
  end loop;
end $$;

-- The one way in. It answers for the practice only if both its own scope and the transaction's hold it: the owner's rights
-- with which it runs know no row-level security.
create function find_patients(
  scope int[], practice int, question text, email text, phone_ends text, phone_begins text, phones_near text[],
  prospects boolean, tag bigint, since timestamptz, how_many int, skip int, out ids bigint[], out counted int)
language plpgsql stable security definer set search_path = public, pg_temp as $$
declare
  most constant int := 10001;
  words text[] := words_of(question);
  ranges term_range[];
  needs int := 1;
begin
  ids := '{}';
  counted := 0;
  if not coalesce(practice = any (scope)
                  and practice = any (nullif(current_setting('app.scope', true), '')::int[]), false) then
    return;
  end if;

  -- A phone or an e-mail: as it is; only when nobody has it, what is like it.
  if phone_ends is not null then
    ranges := array[a_range(0, 1, '~' || phone_ends, after_prefix('~' || phone_ends)),
                    a_range(1, 1, '#' || phone_begins, after_prefix('#' || phone_begins))];
  elsif email is not null then
    ranges := array[a_range(0, 1, '@' || email, after_whole('@' || email)),
                    a_range(case when position('@' in email) > 0 then 1 else 3 end,  -- a word is a name first
                            1, after_whole('@' || email), after_prefix('@' || email))];
  end if;
  if phone_ends is not null or position('@' in email) > 0 then
    select f.* into ids, counted
    from patients_in(practice, ranges, 1, prospects, tag, since, how_many, skip, most) f;
    if counted > 0 then
      return;
    end if;
  end if;
  if phone_ends is not null then
    ranges := array(select a_range(0, 1, '#' || near, after_whole('#' || near)) from unnest(phones_near) n (near));
    words := '{}';
  elsif position('@' in email) > 0 then
    email := split_part(email, '@', 1);
    ranges := array[a_range(0, 1, '@' || email || '@', after_prefix('@' || email || '@'))];
    words := words_of(email);
  end if;

  words := words[:8];
  if cardinality(words) > 0 then
    needs := greatest(cardinality(words) - 1, 1);
    ranges := array(select r from unnest(ranges || ranges_of_name(practice, words)) r
                    order by r.rank, r.need);
  end if;
  select f.* into ids, counted
  from patients_in(practice, ranges, needs, prospects, tag, since, how_many, skip, most) f;
  if counted = 0 and needs > 1 then  -- "Dr John Smith", an initial that nobody wrote down
    select f.* into ids, counted
    from patients_in(practice, ranges, needs - 1, prospects, tag, since, how_many, skip, most) f;
  end if;
end $$;

-- A person's phones as digits, without North America's 1.
create function phones_of(person patients) returns text[] language sql immutable
return array(
  select distinct case when length(d.digits) = 11 then ltrim(d.digits, '1') else d.digits end
  from (select left(phone_digits(n.given), 40) as digits
        from unnest(array[person.phone, person.cell_phone, person.sms_phone]) n (given)) d
  where length(d.digits) >= 7);

-- Who may be the same person as this one: the same e-mail or phone; or the same name and birthday, or the same name
-- while no e-mail, phone or birthday speaks against it. Oldest first.
create function find_doubles(scope int[], practice int, person_id bigint, prospects_only boolean, how_many int)
returns table (id bigint) language plpgsql stable security definer set search_path = public, pg_temp as $$
#variable_conflict use_column
declare
  person patients;
  called text[];
  mailbox text;
  phones text[];
begin
  if not coalesce(practice = any (scope)
                  and practice = any (nullif(current_setting('app.scope', true), '')::int[]), false) then
    return;
  end if;
  select * into person from patients p where p.practice_id = practice and p.id = person_id;
  called := words_of(concat_ws(' ', person.first_name, person.last_name));
  mailbox := nullif(lower(btrim(person.email)), '');
  phones := phones_of(person);
  return query
    with range (low, high) as materialized (
      select '@' || left(mailbox, 254), after_whole('@' || left(mailbox, 254)) where mailbox is not null
      union all select '#' || n, after_whole('#' || n) from unnest(phones) n
      -- With or without a country's code: theirs is longer, or ours.
      union all select '~' || reverse(n), after_prefix('~' || reverse(n)) from unnest(phones) n where length(n) >= 9
      union all select '~' || left(reverse(n), size), after_whole('~' || left(reverse(n), size))
                from unnest(phones) n, generate_series(9, length(n) - 1) size
    ), reached as (
      select t.patient_id from range r cross join lateral (
        select p.patient_id from patient_terms p
        where p.practice_id = practice and p.term >= r.low and p.term < r.high
          and p.patient_id <> person_id and (p.is_prospect or not prospects_only)
        order by p.term, p.patient_id limit how_many) t
    ), namesake as materialized (
      select t.patient_id from patient_terms t
      where t.practice_id = practice and t.term = coalesce(called[1], '') || ' ' || coalesce(called[2], '')
        and t.patient_id <> person_id and (t.is_prospect or not prospects_only)
      order by t.patient_id limit 5000
    ), alike as (
      select p.id from namesake n join patients p on p.practice_id = practice and p.id = n.patient_id
      where (p.dob is null or person.dob is null or p.dob = person.dob)
        and (p.dob = person.dob
             or (coalesce(nullif(lower(btrim(p.email)), '') = mailbox, true)
                 and (phones = '{}' or phones_of(p) = '{}' or phones_of(p) && phones)))
        and words_of(concat_ws(' ', p.first_name, p.last_name)) = called
    )
    select r.patient_id from reached r union select a.id from alike a order by 1 limit how_many;
end $$;

revoke execute on function
  rebuild_search(),
  find_patients(int[], int, text, text, text, text, text[], boolean, bigint, timestamptz, int, int),
  find_doubles(int[], int, bigint, boolean, int),
  patients_in(int, term_range[], int, boolean, bigint, timestamptz, int, int, int),
  near_words(int, text, int)
  from public;
grant execute on function
  find_patients(int[], int, text, text, text, text, text[], boolean, bigint, timestamptz, int, int),
  find_doubles(int[], int, bigint, boolean, int)
  to openmedspa_app, openmedspa_system;
