/** @file The shortcut audit of a BAM data set. */

export { type AuditOptions, type AuditRow, auditSource } from './audit.js'
