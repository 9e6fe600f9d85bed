"""Export, then replace every initializer that equals a generated parameter by a reference into `weights.bin`."""
import io
import itertools
import os
import tempfile
import zlib

import numpy as np
import onnx
import onnxruntime as ort
import torch
from onnx import numpy_helper

import generator

ALIGN = 64
VERBATIM_ELEMENTS = 64
VERBATIM_COMPRESSED = 48_000


def export(model, args, names, output: str, case) -> onnx.ModelProto:
    options = {} if case.opset is None else {'opset_version': case.opset}
    with torch.no_grad():
        if case.exporter == 'dynamo':
            dynamic = None
            if case.batch == 'dynamic':
                batch = torch.export.Dim('batch')
                dynamic = tuple({axis: batch for axis in case.inputs[name].get('batch_axes', [0])} for name in names)
            program = torch.onnx.export(model, args, dynamo=True, input_names=names, output_names=[output], dynamic_shapes=dynamic,
                                        optimize=case.optimize, verbose=False, **options)
            return program.model_proto
        axes = None
        if case.batch == 'dynamic':
            axes = {name: {axis: 'batch' for axis in case.inputs[name].get('batch_axes', [0])} for name in names}
            axes = {name: table for name, table in axes.items() if table}
            axes[output] = {0: 'batch'}
        buffer = io.BytesIO()
        training = torch.onnx.TrainingMode.PRESERVE if case.norm == 'kept' else torch.onnx.TrainingMode.EVAL
        torch.onnx.export(model, args, buffer, dynamo=False, input_names=names, output_names=[output], dynamic_axes=axes,
                          do_constant_folding=case.fold, training=training, **options)
        return onnx.load_model_from_string(buffer.getvalue())


def permutations(array: np.ndarray):
    yield None, array
    if array.ndim in (2, 3, 4):
        for perm in itertools.permutations(range(array.ndim)):
            if perm != tuple(range(array.ndim)):
                yield list(perm), array.transpose(perm)


def match(value: np.ndarray, parameters: dict) -> tuple | None:
    """(name, permutation) of the parameter that this value is, element by element."""
    flat = np.ascontiguousarray(value).ravel()
    for name, parameter in parameters.items():
        if parameter.size != flat.size:
            continue
        for perm, view in permutations(parameter):
            if view.ravel()[0] == flat[0] and np.array_equal(np.ascontiguousarray(view).ravel(), flat):
                return name, perm
    return None


def refer(proto: onnx.TensorProto, offset: int, length: int) -> None:
    for field in ('raw_data', 'float_data', 'int32_data', 'int64_data', 'double_data'):
        proto.ClearField(field)
    proto.data_location = onnx.TensorProto.EXTERNAL
    del proto.external_data[:]
    for key, text in (('location', 'weights.bin'), ('offset', str(offset)), ('length', str(length))):
        entry = proto.external_data.add()
        entry.key, entry.value = key, text


def strip(model: onnx.ModelProto, fills) -> tuple[dict, int]:
    """Weight table of the fixture and the size of `weights.bin`. Refuses float data that no parameter explains."""
    parameters = {name: tensor.detach().numpy() for name, tensor in fills.tensors.items()}
    table, offset, verbatim = {}, 0, 0
    constants = [attribute.t for node in model.graph.node if node.op_type == 'Constant' for attribute in node.attribute
                 if attribute.HasField('t')]
    for tensor in constants:
        value = numpy_helper.to_array(tensor)
        if value.size > VERBATIM_ELEMENTS and len(zlib.compress(value.tobytes())) > 4000:
            raise ValueError(f'constant {list(value.shape)} inside a node is too large')
    for tensor in model.graph.initializer:
        value = numpy_helper.to_array(tensor)
        found = match(value, parameters) if value.dtype == np.float32 and value.size > VERBATIM_ELEMENTS else None
        if found is None:
            size = len(zlib.compress(value.tobytes()))
            verbatim += size
            if size > 24_000 or verbatim > VERBATIM_COMPRESSED:
                raise ValueError(f'initializer {tensor.name} {list(value.shape)} equals no parameter ({verbatim} bytes verbatim)')
            continue
        name, perm = found
        centre, half = fills.table[name]
        entry = {'offset': offset, 'centre': centre, 'half': half}
        if name != tensor.name:
            entry = {'key': name, **entry}
        if perm is not None:
            entry |= {'dims': list(parameters[name].shape), 'perm': perm}
        length = value.size * 4
        table[tensor.name] = entry
        refer(tensor, offset, length)
        offset += -(-length // ALIGN) * ALIGN
    model.ClearField('metadata_props')
    model.producer_version = ''
    for node in model.graph.node:
        node.ClearField('doc_string')
        node.ClearField('metadata_props')
    for value in [*model.graph.value_info, *model.graph.input, *model.graph.output]:
        value.ClearField('metadata_props')
    model.graph.ClearField('doc_string')
    model.graph.ClearField('metadata_props')
    for function in model.functions:
        for node in function.node:
            node.ClearField('doc_string')
            node.ClearField('metadata_props')
    return table, offset


def refill(model: onnx.ModelProto, table: dict, size: int) -> bytes:
    """`weights.bin` from the fixture's table alone."""
    out = bytearray(size)
    for tensor in model.graph.initializer:
        entry = table.get(tensor.name)
        if entry is None:
            continue
        dims = entry.get('dims', list(tensor.dims))
        value = generator.uniform(entry.get('key', tensor.name), dims, entry['centre'], entry['half'])
        if 'perm' in entry:
            value = np.ascontiguousarray(value.transpose(entry['perm']))
        place = {item.key: item.value for item in tensor.external_data}
        raw = value.tobytes()
        assert len(raw) == int(place['length'])
        out[int(place['offset']):int(place['offset']) + len(raw)] = raw
    return bytes(out)


def check(model: onnx.ModelProto, table: dict, size: int, arrays: dict) -> np.ndarray:
    """The refilled fixture's first output on ONNX Runtime, optimisations off."""
    with tempfile.TemporaryDirectory() as folder:
        with open(os.path.join(folder, 'weights.bin'), 'wb') as file:
            file.write(refill(model, table, size))
        path = os.path.join(folder, 'model.onnx')
        with open(path, 'wb') as file:
            file.write(model.SerializeToString())
        options = ort.SessionOptions()
        options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
        options.log_severity_level = 3
        options.intra_op_num_threads = 2
        session = ort.InferenceSession(path, options, providers=['CPUExecutionProvider'])
        known = {port.name for port in session.get_inputs()}
        return session.run(None, {name: array for name, array in arrays.items() if name in known})[0]
