/** Compares specs of Apps, the API server's defaults put aside. */
import { Default, Equal } from 'typebox/value';
import { AppSpecSchema, type AppSpecWire } from './app.ts';

export function isSpecAsWanted(spec: AppSpecWire, wanted: AppSpecWire): boolean {
  return Equal(spec, Default(AppSpecSchema, structuredClone(wanted)));
}
