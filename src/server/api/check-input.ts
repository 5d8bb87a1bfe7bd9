/** Parameters and bodies against their schemas, told as everything else that does not fit its schema. */
import type { FastifySchemaCompiler } from 'fastify';
import type { TSchema } from 'typebox';
import { Convert, Default } from 'typebox/value';
import { decoderOf } from '../../resources/decode.ts';

/** Parameters come as text and are read as what the schema says; a body has to have the types already. */
export const checkInput: FastifySchemaCompiler<TSchema> = ({ schema, httpPart }) => {
  const isText = httpPart !== 'body';
  const part = httpPart === 'querystring' ? 'query' : (httpPart ?? 'request');
  const decode = decoderOf(schema);
  return (value: unknown) => {
    try {
      return { value: decode(isText ? Convert(schema, Default(schema, { ...Object(value) })) : value, part) };
    } catch (error) {
      return { error: error instanceof Error ? error : new Error(String(error)) };
    }
  };
};
