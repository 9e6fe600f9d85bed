/** @file Entries of operators on strings and encoded files. */
import { type RuleTable, zero } from '../rule.js'

const text = zero('it works on strings')

export const strings: RuleTable = {
  RegexFullMatch: text,
  StringConcat: text,
  StringNormalizer: text,
  StringSplit: text,
  TfIdfVectorizer: zero('it counts tokens'),
  ImageDecoder: zero('it reads the bytes of a file'),
}
